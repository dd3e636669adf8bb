"""The engine: the one writer of the store, and the only one that talks to mail servers.

It runs in a process of its own (`python -m desktopmail.engine --profile DIR`) and is spoken to
through `desktopmail.door`. It may import `door`, `net`, `wire` and `mime`; nothing here knows Qt.

Start reading at `engine.py` (what happens to a command), then `sync/` (how a mailbox here becomes
what the server has) and `store/` (one step, one transaction).
"""
