"""IMAP sessions: one handler for each noun of the protocol, over the store.

Start with `session.py`, which reads commands and hands each to its handler (`handlers.py` is the
table); `view.py` is a mailbox as one client knows it, and says what may be told when. The grammar
is not here: commands come and answers go as values of `desktopmail.wire.imap`, the answers of
FETCH as octets that the store has ready. This room may import `localserver.store`, `users`,
`faults`, `context`, `desktopmail.wire`, `desktopmail.mime` and `desktopmail.net`.
"""
