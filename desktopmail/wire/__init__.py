"""The protocols as pure state machines: octets and values in, octets and values out.

Each protocol has a client's and a server's machine with the same door: `receive(octets)`,
`receive_eof()`, `next_event()`, `send(…)`, `take_output()`, `starting_tls()`, `tls_started()`.
Lines and literals are cut first, under the named limits of `limits`, then parsed. Decoding and
encoding of one noun live in one file, beside its ABNF. This room imports nothing that does I/O;
clock, randomness and host names come in as arguments.

Start reading at `pop3/client.py`, the smallest machine; then `smtp`, `imap` and `sasl`.

RFCs followed, with deviations
==============================

POP3 (`wire.pop3`)
------------------
- RFC 1939 in full, with APOP, UIDL, TOP, USER and PASS. Deviations: a timestamp that is not one
  plain msg-id of printable ASCII means "no APOP" (CVE-2007-1558). The client takes unique-ids of up
  to 1,024 octets of any kind but CR and LF, further words behind sizes, status indicators in lower
  case and lines longer than 512 octets, because servers send them. A name may have spaces.
- RFC 2449: CAPA, extended response codes, commands of 255 octets; SASL, UIDL, TOP, USER,
  RESP-CODES, LOGIN-DELAY, PIPELINING, EXPIRE, IMPLEMENTATION. Nothing is pipelined behind PASS,
  APOP, AUTH, STLS and QUIT, which the RFC would allow.
- RFC 3206: SYS/TEMP, SYS/PERM, AUTH.
- RFC 2595 section 4, as RFC 8314 keeps it: STLS. Octets in the clear behind it end the connection
  in both roles. The APOP timestamp of the greeting is kept, because no other one comes.
- RFC 5034 (with RFC 1734): AUTH with initial responses, "=" and "*". `AUTH` alone lists the
  mechanisms, which no RFC has and old clients ask.
- RFC 6856: UTF8, LANG, [UTF8]. A message whose header is UTF-8 goes as it is to a client that did
  not say UTF8, as before the RFC, and is refused in the bundled server's strict mode; no surrogate
  is made of it. One language, `en`.

SMTP and submission (`wire.smtp`)
---------------------------------
RFCs followed: 5321, 1870 (SIZE), 2920 (PIPELINING), 6152 (8BITMIME), 3030 (CHUNKING, BINARYMIME),
3461 (DSN), 2034 and 3463 (enhanced codes), 3207 (STARTTLS), 4954 (AUTH), 6531 (SMTPUTF8), 9422
(LIMITS), 8689 (REQUIRETLS, TLS-Required), 2033 (LMTP), 7504 (521, 556), 7505 (null MX, codes only).

Deviations, each on purpose:
- A space after `FROM:` and `TO:` is accepted, because widespread clients send it. Nothing else that
  the grammar forbids is: an address without angle brackets is answered with 501 and the reason.
- Lines of text longer than 998 octets, bare CR, bare LF and NUL make the server refuse a message
  after its end; it never ends a message at anything but CRLF.CRLF, and never repairs one.
- The sender turns a bare CR or LF of a message into CRLF, except in a BINARYMIME body.
- TURN, SEND, SOML and SAML are not there (5321 appendix F); EXPN is answered with 502.

IMAP (`wire.imap`)
------------------
Followed are RFC 9051 and 3501, and 2177 (IDLE), 2342 (NAMESPACE), 2971 (ID), 3348 (CHILDREN), 3502
(MULTIAPPEND), 3516 (BINARY), 3691 (UNSELECT), 4315 (UIDPLUS), 4466, 4731 (ESEARCH), 4959 (SASL-IR),
4978 (COMPRESS=DEFLATE), 5032 (WITHIN), 5161 (ENABLE), 5182 (SEARCHRES), 5256 (SORT, THREAD), 5258
(LIST-EXTENDED), 5267 (ESORT), 5530 (response codes), 5819 (LIST-STATUS), 5957 (SORT=DISPLAY), 6154
(SPECIAL-USE, CREATE-SPECIAL-USE), 6203 (SEARCH=FUZZY), 6851 (MOVE), 6855 (UTF8=ACCEPT), 7162
(CONDSTORE, QRESYNC), 7888 (LITERAL+, LITERAL-), 7889 (APPENDLIMIT), 8438 (STATUS=SIZE), 8474
(OBJECTID), 8514 (SAVEDATE), 8970 (PREVIEW) and 9208 (QUOTA).

Deviations, each on purpose: a server sends NUL in a plain literal of BODY[] and ENVELOPE, where the
grammar has no string for it, so that a message comes out as it went in; tags have at most 64
octets, and lists, literals and nesting the bounds of `limits.py`; a client reads everything that
`quirks.py` names; of several items of one name in a FETCH answer the last one counts; a leap second
in an INTERNALDATE becomes the second before it; a client sends no CR, LF or NUL in any argument,
also where a literal could carry it, and no NUL in a message that it streams into APPEND; it never
sends STORE, COPY, MOVE or EXPUNGE behind a SELECT that is not answered yet, which the RFC allows.

SASL (`wire.sasl`)
------------------
RFCs followed: 4422, 4616 (PLAIN), 2195 (CRAM-MD5), 5802 and 7677 (SCRAM), 5929 (channel binding
tls-server-end-point), 9266 (tls-exporter, when somebody gives its data), 7628 (OAUTHBEARER), 4505
(ANONYMOUS), 4013 (SASLprep). LOGIN follows draft-murchison-sasl-login, XOAUTH2 its publisher's
page.

Deviations: a SCRAM server that refuses does not send `e=`: the refusal of the protocol itself (535,
NO, -ERR) says the same, and clients cope with it better. PLAIN sends the password as it was typed,
without SASLprep, which RFC 4616 leaves to the server.
"""
