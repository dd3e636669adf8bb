"""What is told outside of the window: new mail, by the desktop or from its tray.

Start at `notifications.py`, which decides what is told. `news.py` puts it into words,
`notice_service.py` hands it to the desktop over `session_bus.py`; `tray.py` is the icon, which also
tells where a desktop has no such service. Imports nothing of D-Bus before there is news.
"""
