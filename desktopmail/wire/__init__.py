"""The protocols as pure state machines: octets and values in, octets and values out.

Each protocol has a client's and a server's machine with the same door: `receive(octets)`,
`receive_eof()`, `next_event()`, `send(…)`, `take_output()`, `starting_tls()`, `tls_started()`.
Lines and literals are cut first, under the named limits of `limits`, then parsed. Decoding and
encoding of one noun live in one file, beside its ABNF. This room imports nothing that does I/O;
clock, randomness and host names come in as arguments.

Start reading at `pop3/connection.py`, the smallest machine; then `smtp`, `imap` and `sasl`.

RFCs followed, with deviations
==============================

POP3 (`wire.pop3`)
------------------
- RFC 1939 in full, with APOP (section 7) and UIDL, TOP, USER, PASS. Deviations: a timestamp that is
  not one plain msg-id of printable ASCII means "no APOP" (CVE-2007-1558); the client takes
  unique-ids of up to 1,024 octets and with any octet but CR and LF, because some servers send them;
  the client takes lines of more than 512 octets.
- RFC 2449: CAPA, extended response codes, longer commands; SASL, UIDL, TOP, USER, RESP-CODES,
  LOGIN-DELAY, PIPELINING, EXPIRE, IMPLEMENTATION.
- RFC 3206: SYS/TEMP, SYS/PERM, AUTH.
- RFC 2595 section 4 (as kept by RFC 8314): STLS. Octets behind it in the clear end the connection.
- RFC 5034 (with RFC 1734): AUTH with initial responses and "*" to cancel.
- RFC 6856: UTF8, LANG. Deviation: the server offers one language, `i-default`/`en`.

SMTP and submission (`wire.smtp`)
---------------------------------

IMAP (`wire.imap`)
------------------

SASL (`wire.sasl`)
------------------
"""
