"""Writing a message.

`window.py` is the window, `addresses.py` its address fields, `body.py` its text, `files.py` what
is attached. Messages are built by `desktopmail.mime.compose`.
"""
