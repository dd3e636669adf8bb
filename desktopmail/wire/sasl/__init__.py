"""SASL: how a name and a secret are proved, as small pure machines that SMTP, POP3 and IMAP share.

One file is one mechanism, both roles. Start reading in `client.py` and `server.py` (the two shapes
of a machine), then `plain.py` (the shortest) and `scram.py` (the longest). `policy.py` orders what
a server offers and says what each mechanism exposes. Base64, line lengths and commands belong to
the protocols; `desktopmail.net.sasl` pumps the machines, with entropy and a thread for key
derivation.

This room imports `wire.errors` and `wire.secret` only.

RFCs followed, with deviations: see `desktopmail.wire`.
"""
