"""POP3 sessions: one coroutine for a connection, one file for each noun it deals with.

It may import `desktopmail.wire`, `desktopmail.net` and the server's own rooms. Start reading at
`session`.
"""
