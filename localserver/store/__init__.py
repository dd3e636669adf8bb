"""Where the mail is kept: one SQLite database per user, on disk or in memory.

`interface.py` says what sessions may ask for and is all that SMTP and POP3 need; `account.py` holds
what IMAP needs besides. Only `database.py` speaks to SQLite's connections; what it acknowledges is
on the disk. This room may import `desktopmail.mime`, `desktopmail.wire` and
`desktopmail.net.ports`.
"""
