"""POP3 (RFC 1939) as two state machines, one for each role, and its commands as values.

One noun per file: what a command says, how its answer is read and written, beside the ABNF. It may
import `desktopmail.wire` only. Start reading at `command` (what every command has), then `client`
and `server` (the machines); `table` lists all commands. A new extension is one file with its
command, and one line in `table`.
"""
