"""The bundled mail server: SMTP, submission, POP3 and IMAP for offline use, demos and tests.

It imports `desktopmail.wire`, `desktopmail.mime`, `desktopmail.net` and `desktopmail.resources`
only, and never Qt. Start reading at `context.py` (what a session is given), then `listener.py`
(who starts sessions) and `store/interface.py` (what keeps the mail). `local.py` is the server for
tests.
"""
