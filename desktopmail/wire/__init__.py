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
- RFC 6856: UTF8, LANG. Deviations: messages with UTF-8 in their headers are sent as they are,
  whether UTF8 was given or not, and [UTF8] is only understood, never sent; one language, `en`.

SMTP and submission (`wire.smtp`)
---------------------------------

IMAP (`wire.imap`)
------------------

SASL (`wire.sasl`)
------------------
"""
