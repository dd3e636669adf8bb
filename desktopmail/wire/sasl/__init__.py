"""SASL: how a name and a secret are proved, as small pure machines that SMTP, POP3 and IMAP share.

One file is one mechanism, both roles. Start reading in `client.py` and `server.py` (the two shapes
of a machine), then `plain.py` (the shortest) and `scram.py` (the longest). `policy.py` orders what
a server offers and says what each mechanism exposes. Base64, line lengths and commands belong to
the protocols; `desktopmail.net.sasl` pumps the machines, with entropy and a thread for key
derivation.

This room imports `wire.errors` and `wire.secret` only.

RFCs followed: 4422, 4616 (PLAIN), 2195 (CRAM-MD5), 5802 and 7677 (SCRAM), 5929 (channel binding
tls-server-end-point), 9266 (tls-exporter, when somebody gives its data), 7628 (OAUTHBEARER), 4505
(ANONYMOUS), 4013 (SASLprep). LOGIN follows draft-murchison-sasl-login, XOAUTH2 its publisher's
page.

Deviations: a SCRAM server that refuses does not send `e=`: the refusal of the protocol itself (535,
NO, -ERR) says the same, and clients cope with it better. PLAIN sends the password as it was typed,
without SASLprep, which RFC 4616 leaves to the server.
"""
