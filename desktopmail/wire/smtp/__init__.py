"""SMTP, submission and LMTP as pure machines, both roles.

Octets go in by `receive`, values come out of `next_event`, and what is to be sent is taken by
`take_output`. Start reading at `client.py` and `server.py`; each noun of the RFCs has one file that
reads and writes it, beside its ABNF: `reply`, `path`, `parameters`, `extensions`, `hello`, `mail`,
`rcpt`, `data`, `bdat`, `auth`, `vrfy`, `control`. `command` is the table of verbs, `limits` the
sizes.

This room imports `wire` only. A new extension is a keyword in `extensions`, a parameter in `mail`
or `rcpt`, or a new verb with a file of its own and a line in `command`.

RFCs followed: 5321, 1870 (SIZE), 2920 (PIPELINING), 6152 (8BITMIME), 3030 (CHUNKING, BINARYMIME),
3461 (DSN), 2034 and 3463 (enhanced codes), 3207 (STARTTLS), 4954 (AUTH), 6531 (SMTPUTF8), 9422
(LIMITS), 8689 (REQUIRETLS), 2033 (LMTP), 7504 (521, 556), 7505 (null MX, codes only).

Deviations, each on purpose:
- A space after `FROM:` and `TO:` is accepted, because widespread clients send it. Nothing else that
  the grammar forbids is: an address without angle brackets is answered with 501 and the reason.
- Lines of text longer than 998 octets, bare CR, bare LF and NUL make the server refuse a message
  after its end; it never ends a message at anything but CRLF.CRLF, and never repairs one.
- The sender turns a bare CR or LF of a message into CRLF, except in a BINARYMIME body.
- TURN, SEND, SOML and SAML are not there (5321 appendix F); EXPN is answered with 502.
"""
