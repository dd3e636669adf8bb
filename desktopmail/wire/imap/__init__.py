"""IMAP as values and state machines, both roles: RFC 9051 (IMAP4rev2) and 3501 (IMAP4rev1).

Start with `client.py` or `server.py`, the two doors. Below them, in this order: `cutter.py` cuts
what arrives into whole responses or commands under the bounds of `limits.py`, before any grammar
is looked at; `command.py` and `response.py` say which noun reads what was cut; each noun has one
file with its values, its ABNF, its decoder and its encoder; `cursor.py` and `writer.py` are the
only two that know atoms, quoted strings and literals. `state.py` is the table of states, and
`quirks.py` the table of what real servers send instead of what the RFC says.

RFCs followed, with deviations: see `desktopmail.wire`.

It may import `wire` and `mime`, and is pure: octets and values in, octets and values out.
"""
