"""The window: the only floor that knows Qt.

It reads the store through a `StoreReader`, asks for things through a `Door` and is told of changes
through `bridge.py`; it never parses a protocol and never opens a socket to a mail server. It may
import `desktopmail.door`, `desktopmail.mime` and `desktopmail.resources`. Start with `app.py`
(what is built at start), then `window.py` (the layout) and `commands/` (one file per verb).
"""
