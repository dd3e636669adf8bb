"""Unique-ids as servers give them, as one table: who, what, and what we take for a name.

    unique-id: one to 70 characters in the range 0x21 to 0x7E, never given to a second message of a
    maildrop; two identical copies may have the same one                   ; RFC 1939 section 7

A server is named only where a source says so; a shape that nobody documents has no server, and is
here because the rule allows it or because it would be broken so.

An id is compared octet for octet and never understood: all of these forms serve alike, unless they
stand there twice, or are the numbers of the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class UidlForm:
    """One form of unique-ids.

    Attributes:
        name: What tests call it.
        servers: Whose it is; empty where no source says that.
        source: Where that is documented.
        sends: The listing, without its status line and its end.
        uidls: What is read, by message number.
        named: The messages that their ids name; the others are known by their headers only.
        numbers: The ids are the numbers of this session, and other ones in the next.
        response: What we do with it.
    """

    name: str
    servers: str
    sends: bytes
    uidls: dict[int, str]
    named: frozenset[int]
    numbers: bool = False
    response: str = "kept as it is"
    source: str = ""


_DOVECOT = "conf.d/20-pop3.conf of Dovecot 2.3, pop3_uidl_format"
_COURIER = "courier-dovecot-migrate.pl of Dovecot's tools"


def _form(name: str, servers: str, source: str, *ids: str) -> UidlForm:
    """A form that keeps the rules: each id names its message."""
    uidls = dict(enumerate(ids, 1))
    sends = "".join(f"{number} {uidl}\r\n" for number, uidl in uidls.items())
    return UidlForm(name, servers, sends.encode("ascii"), uidls, frozenset(uidls), source=source)


UIDL_FORMS: Final = (
    _form(
        "UID and UIDVALIDITY in hex", "Dovecot (%08Xu%08Xv, its default)", _DOVECOT,
        "000000014b6f3c2e", "0000000a4b6f3c2e",
    ),
    _form(
        "UIDVALIDITY and UID in hex", "UW ipop3d; Dovecot (%08Xv%08Xu)", _DOVECOT,
        "3dc26d4500000001", "3dc26d4500000002",
    ),
    _form(
        "UIDVALIDITY.UID", "Cyrus since 2.1.4, Dovecot 0.99 (%v.%u)", _DOVECOT,
        "1261132001.7", "1261132001.70",
    ),
    _form(
        "UIDVALIDITY-UID", "Courier with IMAP's numbers (%v-%u); Critical Path", _DOVECOT,
        "1098210473-3", "1098210473-33",
    ),
    _form(
        "a number and the time of the list", "Courier, which counts apart from IMAP", _COURIER,
        "UID4-1201512345", "UID5-1201512345",
    ),
    _form(
        "the name of the file", "Courier before that; Dovecot (%f)", _DOVECOT,
        "1201512345.M371023P28341V0000000000000802I0013A3B5_0.mx1,S=2345",
        "1201512346.M1P28341_1.mx1,S=987",
    ),
    _form(
        "the base name of the file", "", "",
        "1201512345.28341.mx1.example.org", "1201512345.28342.mx1.example.org",
    ),
    _form(
        "MD5 of the name of the file", "tpop3d; Dovecot (%Mf)", _DOVECOT,
        "9e107d9d372bb6826bd81d3542a419d6", "e4d909c290d0fb1ca068ffaddf22cbd0",
    ),
    _form(
        "all kinds of printable octets", "", "",
        "\"ko!!%N=\"!Y9>!!d1S!!", "~7%\"!b\\6\"!O>)!!:4&#!",
    ),
    _form(
        "a word and hex digits", "", "",
        "MailId16a1b2c3d4e5f607", "MailId16a1b2c3d4e5f608",
    ),
    _form(
        "letters of both cases", "", "",
        "AKl8w0MAAAWKTMvfQQnEkgLJvEo", "AKl8w0MAAAWKTMvfQQnEkgLJveo",
    ),
    _form(
        "with dashes", "", "",
        "0MSq3k-1VvBcD1X0j-00R6vl", "0Lqhdt-1VvBcE0Xyz-00e2Ml",
    ),
    _form(
        "a word and a time", "", "",
        "MSG1105464829.13", "MSG1105464829.14",
    ),
    _form(
        "Base64", "", "",
        "AAAAAA0ZC8dG5NIRrQoAoMlL1wEAcQB=", "AAAAAA0ZC8dG5NIRrQoAoMlL1wEAcg/+",
    ),
    _form(
        "id.digest", "Zimbra", "pull request 1472 of zm-mailbox",
        "257.cqU5s1Zx6nY3Vq,w1hJk2A==", "258.F0Zs,9kq2pYc0o5hOq1sGA==",
    ),
    _form(
        "of RFC 1939 itself", "", "RFC 1939 section 7",
        "whqtswO00WBw418f9t5JxYwZ", "QhdPYR:00WBw1Ph7x7",
    ),
    UidlForm(
        "UIDs alone, which are not the numbers of the session",
        "Cyrus before 2.1.4 (%u)",
        b"1 15\r\n2 33\r\n", {1: "15", 2: "33"}, frozenset({1, 2}),
        response="kept; a maildrop made anew counts from 1 again, which size and header show",
        source=_DOVECOT,
    ),
    UidlForm(
        "the numbers of the session",
        "",
        b"1 1\r\n2 2\r\n3 3\r\n", {1: "1", 2: "2", 3: "3"}, frozenset({1, 2, 3}), numbers=True,
        response="each is looked at by its header before it is believed",
    ),
    UidlForm(
        "none for some",
        "",
        b"1 k7\r\n2\r\n3 \r\n", {1: "k7", 2: "", 3: ""}, frozenset({1}),
        response="no name: they are known by their headers",
    ),
    UidlForm(
        "the same for equal messages",
        "",
        b"1 aa\r\n2 bb\r\n3 aa\r\n", {1: "aa", 2: "bb", 3: "aa"}, frozenset({2}),
        response="no name: which of the two went could not be told",
        source="RFC 1939 section 7, which lets a server hash the message",
    ),
    UidlForm(
        "longer than 70 characters",
        "servers that Fastmail fetched from",
        b"1 " + b"x" * 90 + b"\r\n2 " + b"x" * 91 + b"\r\n", {1: "x" * 90, 2: "x" * 91},
        frozenset({1, 2}),
        source="fastmail.com/blog, on links by POP and ids of more than 70 characters",
    ),
    UidlForm(
        "with a space inside",
        "",
        b"1 my mail.msg\r\n2 my mail 2.msg\r\n", {1: "my mail.msg", 2: "my mail 2.msg"},
        frozenset({1, 2}),
    ),
    UidlForm(
        "octets outside of ASCII",
        "",
        b"1 Gr\xfc\xdfe\r\n2 Gr\xc3\xbc\xc3\x9fe\r\n", {1: "Gr\xfc\xdfe", 2: "Gr\xc3\xbc\xc3\x9fe"},
        frozenset({1, 2}), response="read octet by octet: no two are ever mixed up",
    ),
    UidlForm(
        "upper and lower case differ",
        "",
        b"1 aB\r\n2 Ab\r\n3 ab\r\n", {1: "aB", 2: "Ab", 3: "ab"}, frozenset({1, 2, 3}),
    ),
    UidlForm(
        "spaces around",
        "a server that Thunderbird for Android met",
        b" 1   a  \r\n 10  b\r\n", {1: "a", 10: "b"}, frozenset({1, 10}),
        response="the spaces are no part of it",
        source="pull request 323 of thunderbird-android",
    ),
)  # fmt: skip
