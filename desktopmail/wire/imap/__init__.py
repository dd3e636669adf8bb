"""IMAP as values and state machines, both roles: RFC 9051 (IMAP4rev2) and 3501 (IMAP4rev1).

Start with `client.py` or `server.py`, the two doors. Below them, in this order: `cutter.py` cuts
what arrives into whole responses or commands under the bounds of `limits.py`, before any grammar
is looked at; `command.py` and `response.py` say which noun reads what was cut; each noun has one
file with its values, its ABNF, its decoder and its encoder; `cursor.py` and `writer.py` are the
only two that know atoms, quoted strings and literals. `state.py` is the table of states, and
`quirks.py` the table of what real servers send instead of what the RFC says.

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
also where a literal could carry it; it never sends STORE, COPY, MOVE or EXPUNGE behind a SELECT
that is not answered yet, which the RFC allows.

It may import `wire` and `mime`, and is pure: octets and values in, octets and values out.
"""
