"""However the same octets arrive, each machine sees the same; and it blames nobody but its peer."""

from __future__ import annotations

import random

import pytest

from tests.helpers.splits import at, octet_by_octet, whole
from tests.helpers.wire_machines import SITUATIONS, Situation

CASES, MANY_CASES = 25, 2_000

# What each machine is told, in any order: from the RFCs and from real peers, then mutated.
TOLD = {
    "imap client": [
        b"* 3 EXISTS\r\n", b"* 1 FETCH (UID 3 FLAGS (\\Seen x) MODSEQ (5))\r\n",
        b"* 2 FETCH (BODY[] {12}\r\nhello\r\nworld UID 7)\r\n",
        b"* 2 FETCH (UID 7 FLAGS () BODY[] {7}\r\nhello)\r\n)\r\n",
        b'* 2 FETCH (UID 5 BODY[HEADER.FIELDS ("To" {2}\r\ncc)]<3> ~{9}\r\n\0\r\n.\r\nabc '
        b'BODYSTRUCTURE (("a" "b" ("x" {1}\r\ny) NIL NIL "7bit" 1 2)("message" "rfc822" NIL NIL '
        b'NIL "7bit" 3 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) ("t" "p" NIL NIL NIL "8bit" 2 1) '
        b'5 NIL ("inline" NIL) ("de" "en") "loc" (1 (2))) "mixed"))\r\n',
        b'* 1 FETCH (ENVELOPE ("d" {1}\r\ns (("n" NIL "m" "h")) NIL NIL NIL NIL NIL NIL "<i>") '
        b'INTERNALDATE " 1-Jan-2026 10:00:00 +0000")\r\n',
        b"* SEARCH 1 2 3 (MODSEQ 9)\r\n", b'* ESEARCH (TAG "A2") UID MIN 3 ALL 1:5,7 COUNT 3\r\n',
        b'* LIST (\\Sent) "/" {3}\r\na/b ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" (x))\r\n',
        b"A2 OK [COPYUID 1 2:3 4:5] done\r\n", b"A1 NO [ALERT] {5}\r\n", b"A1 OK x\r\n",
        b"+ idling\r\n", b"+ AAAA\r\n", b"* BYE [UNAVAILABLE] bye\r\n",
        b"* ENABLED UTF8=ACCEPT\r\n",
        b"* OK [CAPABILITY IMAP4rev1 IDLE] x\r\n", b"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n",
        b"* STATUS {5}\r\nINBOX (MESSAGES 3 UIDNEXT 4)\r\n", b"* VANISHED (EARLIER) 1:3\r\n",
        b'* NAMESPACE (("" "/")) NIL (("#x" NIL "X" ("a" "b")))\r\n', b"* XFOO {3}\r\nabc bar\r\n",
    ],
    "imap server": [
        b"a NOOP\r\n", b"b LOGIN {3}\r\nabc {2+}\r\nxy\r\n", b"c AUTHENTICATE PLAIN\r\n",
        b"AAAA\r\n", b"*\r\n", b"d IDLE\r\n", b"DONE\r\n", b"\r\n", b"x\r\n", b"q NOOP\n",
        b'e APPEND INBOX (\\Seen) " 1-Jan-2026 10:00:00 +0000" {10+}\r\n0123456789\r\n',
        b"f APPEND x {5}\r\nhello {12+}\r\nhello\r\nworld\r\n", b"o LOGOUT\r\n",
        b"g UID FETCH 1:* (FLAGS BODY.PEEK[1.HEADER.FIELDS (To {2+}\r\ncc)]<0.5>) "
        b"(CHANGEDSINCE 5 VANISHED)\r\n", b"i STORE 1 +FLAGS.SILENT (\\Seen x)\r\n",
        b"h SEARCH RETURN (MIN) CHARSET UTF-8 OR (SEEN 1:5) NOT TEXT {3+}\r\nabc\r\n",
        b'j LIST (SUBSCRIBED) "" (% *) RETURN (STATUS (MESSAGES))\r\n',
        b"k SELECT INBOX (QRESYNC (1 2 1:3 (1 2)))\r\n",
    ],
    "smtp client": [
        b"250 ok\r\n", b"250-a\r\n250 2.1.0 b\r\n", b"354 go\r\n", b"334 AAAA\r\n", b"235 ok\r\n",
        b"550 5.1.1 no\r\n", b"421 bye\r\n", b"220 go\r\n", b"250\r\n", b"250-a\n", b"999 x\r\n",
        b"x" * 5000,
    ],
    "smtp server": [
        b"MAIL FROM:<a@b.c> SIZE=5\r\n", b'RCPT TO:<"a b"@c.d> NOTIFY=NEVER\r\n', b"DATA\r\n",
        b"Subject: x\r\n\r\n..hello\r\n.\r\n", b".\r\n", b"\n.\n", b"\r.\r", b"\r\n.\n",
        b"\r\n.\r\n", b"BDAT 5\r\nhe\r\nl", b"BDAT 3 LAST\r\n.\r\n", b"BDAT 0 LAST\r\n",
        b"BDAT x\r\n", b"RSET\r\n",
        b"AUTH PLAIN\r\n", b"AAAA\r\n", b"*\r\n", b"VRFY a\r\n", b"EHLO y\r\n", b"x\0y\r\n",
        b"STARTTLS\r\n", b"QUIT\r\n", b"x" * 13_000 + b"\r\n",
    ],
    "pop3 client": [
        b"+OK\r\n", b"+OK 2 320\r\n", b"-ERR [IN-USE] x\r\n", b"+ AAAA\r\n", b"+ !!\r\n",
        b"1 120\r\n2 200\r\n.\r\n", b"..a\r\n.\r\n", b".\r\n", b"\r\n.\r\n", b"\n.\n", b"\r.\r",
        b"Subject: x\r\n\r\n.\r\n", b"1 uid1\r\n", b"SASL PLAIN\r\n", b"en English\r\n",
        b"x" * 25_000 + b"\r\n", b"+OK x\r\n1 1\r\n.\r\n+OK\r\nhi\r\n.\r\n",
    ],
    "pop3 server": [
        b"USER a\r\n", b"PASS b c\r\n", b"APOP x " + b"0" * 32 + b"\r\n", b"AUTH PLAIN\r\n",
        b"AUTH\r\n", b"AAAA\r\n", b"*\r\n", b"STLS\r\n", b"CAPA\r\n", b"RETR 1\r\n", b"TOP 1 2\r\n",
        b"LIST\r\n", b"UIDL 1\r\n", b"QUIT\r\n", b"NOOP\n", b"x\0\r\n", b"UTF8\r\n", b"LANG en\r\n",
        b"x" * 300,
    ],
}  # fmt: skip
JUNK = [
    b"\r", b"\n", b"\0", b"\r\n", b" ", b"{", b"}", b"(", b")", b'"', b"\\", b".", b"\xff", b"[",
    b"]", b"{5}\r\n", b"{5+}\r\n", b"~{2}\r\n", b"{99999999999999999999}\r\n", b"<", b">", b"%",
    b"*", b"4294967296", b"-", b"=", b"+", b"1" * 5000, b"&", b"NIL",
]  # fmt: skip


def drawn(case: random.Random, told: list[bytes]) -> bytes:
    """Some of what a machine may be told, with up to three octets or pieces of it wrong."""
    octets = bytearray(b"".join(case.choice(told) for _ in range(case.randrange(1, 6))))
    for _ in range(case.choice([0, 0, 1, 1, 2, 3])):
        place = case.randrange(len(octets) + 1)
        match case.randrange(4):
            case 0:
                octets[place:place] = case.choice(JUNK)
            case 1:
                del octets[place : place + case.randrange(1, 6)]
            case 2:
                octets[place : place + 1] = bytes([case.randrange(256)])
            case _:
                begin = case.randrange(len(octets) + 1)
                octets[place:place] = octets[begin : begin + case.randrange(60)]
    return bytes(octets)


def compare(situation: Situation, cases: int) -> None:
    told = TOLD[situation.name.partition(":")[0]]
    for seed in range(cases):
        case = random.Random(f"{situation.name} {seed}")
        octets, eof = drawn(case, told), case.random() < 0.5
        cuts = [case.randrange(len(octets) + 1) for _ in range(case.randrange(1, 12))]
        once = situation.see(whole(octets), eof=eof)
        for pieces in (at(octets, cuts), octet_by_octet(octets)):
            assert situation.see(pieces, eof=eof) == once, (seed, octets[:400])


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_what_is_seen_does_not_depend_on_how_it_arrives(situation: Situation) -> None:
    compare(situation, CASES)


@pytest.mark.slow
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_what_is_seen_does_not_depend_on_it_in_many_more_cases(situation: Situation) -> None:
    compare(situation, MANY_CASES)
