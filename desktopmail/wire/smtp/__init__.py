"""SMTP, submission and LMTP as pure machines, both roles.

Octets go in by `receive`, values come out of `next_event`, and what is to be sent is taken by
`take_output`. Start reading at `client.py` and `server.py`; each noun of the RFCs has one file that
reads and writes it, beside its ABNF: `reply`, `path`, `parameters`, `extensions`, `hello`, `mail`,
`rcpt`, `data`, `bdat`, `auth`, `vrfy`, `control`. `command` is the table of verbs, `limits` the
sizes.

This room imports `wire` only. A new extension is a keyword in `extensions`, a parameter in `mail`
or `rcpt`, or a new verb with a file of its own and a line in `command`.

RFCs followed, with deviations: see `desktopmail.wire`.
"""
