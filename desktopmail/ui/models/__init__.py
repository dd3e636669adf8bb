"""What the views show: models over rows of the store, never over the network.

`mailboxes.py` is the tree on the left, `messages.py` the windowed list in the middle. They read
through `door.interface.StoreReader` and are refreshed by `ui/bridge.py`.
"""
