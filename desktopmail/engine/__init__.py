"""The engine: the one writer of the store, and the only one that talks to mail servers.

It runs in a process of its own (`python -m desktopmail.engine --profile DIR`) and is spoken to
through `desktopmail.door`. It may import `door`, `net`, `wire` and `mime`; nothing here knows Qt.

Start reading at `engine.py` (which part answers which command), then `working.py` (what runs for
each account), `sync/` (how a mailbox here becomes what the server has) and `store/` (one step, one
transaction).
"""
