"""SEARCH: every key, both forms of the answer, and what is saved."""

from __future__ import annotations

import pytest

from localserver.store import look
from tests.helpers.imap_dialogue import Dialogue, logged_in, mail

FIRST = mail("Meeting on Monday", "Bring the quarterly numbers.")
SECOND = mail("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "hi", Cc="Dan <dan@example.net>", X_Ticket="4711")
THIRD = (
    b"From: Eve <eve@example.com>\r\nTo: bob@example.org\r\nSubject: encoded\r\n"
    b"Date: Tue, 1 Mar 2022 23:30:00 -0800\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nCaf=E9 au lait=\r\n, s'il vous pla=EEt\r\n"
)
MESSAGES = [FIRST, SECOND, THIRD]


@pytest.fixture(params=["small", "large"])
def _contents(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have contents looked through by SQLite, or as those of large messages: by ten octets."""
    if request.param == "large":
        monkeypatch.setattr(look, "_LARGE_OCTETS", 0)
        monkeypatch.setattr(look, "_PIECE_OCTETS", 10)


async def found(dialogue: Dialogue, keys: str) -> str:
    lines = await dialogue.run(f"SEARCH {keys}")
    assert lines[-1].startswith("OK"), lines
    return lines[0].removeprefix("* SEARCH").strip()


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ("ALL", "1 2 3"),
        ("2:*", "2 3"),
        ("UID 3", "3"),
        ("UID 9:*", "3"),
        ("FROM carol", "1 2"),
        ("FROM EXAMPLE.COM", "3"),
        ("TO bob", "3"),
        ("CC dan", "2"),
        ("BCC x", ""),
        ("SUBJECT monday", "1"),
        ('SUBJECT "meeting ON monday"', "1"),
        ("BODY quarterly", "1"),
        ("TEXT quarterly", "1"),
        ("TEXT meeting", "1"),
        ('BODY "au lait, s\'il"', "3"),
        ("HEADER X-Ticket 471", "2"),
        ('HEADER X-Ticket ""', "2"),
        ("HEADER Subject encoded", "3"),
        ("NOT FROM carol", "3"),
        ("OR FROM eve SUBJECT monday", "1 3"),
        ("(FROM carol NOT CC dan)", "1"),
        ("SENTSINCE 1-Jan-2022", "3"),
        ("SENTON 1-Mar-2022", "3"),
        ("SENTBEFORE 1-Jan-2000", "1 2"),
        ("SINCE 1-Jan-2020", "1 2 3"),
        ("BEFORE 1-Jan-2020", ""),
        ("LARGER 100000", ""),
        ("SMALLER 100000", "1 2 3"),
        ("YOUNGER 3600", "1 2 3"),
        ("OLDER 3600", ""),
        ("UNSEEN", "1 2 3"),
        ("SEEN", ""),
        ("NEW", "1 2 3"),
        ("OLD", ""),
        ("RECENT", "1 2 3"),
        ("KEYWORD $Nothing", ""),
        ("UNKEYWORD $Nothing", "1 2 3"),
        ("SAVEDSINCE 1-Jan-2020", "1 2 3"),
        ("SAVEDATESUPPORTED", "1 2 3"),
        ("EMAILID M2", "2"),
        ("THREADID T1", "1"),
        ("NOT THREADID T1", "2 3"),
        ("THREADID X1", ""),
        ("OR THREADID T1 EMAILID M2", "1 2"),
        ("FUZZY FROM carol", "1 2"),
    ],
)
@pytest.mark.usefixtures("_contents")
async def test_every_key_finds_what_it_should(keys: str, numbers: str) -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        assert await found(dialogue, keys) == numbers


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ("TEXT invoice.pdf", "1"),
        ("BODY invoice.pdf", ""),
        ("TEXT NOT-THERE", ""),
        ("BODY see", "1"),
    ],
)
@pytest.mark.usefixtures("_contents")
async def test_text_finds_fields_of_parts_and_body_does_not(keys: str, numbers: str) -> None:
    octets = (
        b"Subject: two parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        b"see below\r\n--b\r\nContent-Disposition: attachment; filename=Invoice.pdf\r\n"
        b"Content-Type: application/pdf\r\n\r\nAAAA\r\n--b--\r\n"
    )
    async with logged_in(messages=[octets, mail("other")]) as dialogue:
        lines = await dialogue.run(f"SEARCH {keys}")
        assert lines[0] == f"* SEARCH {numbers}".rstrip()


@pytest.mark.usefixtures("_contents")
async def test_text_in_utf8_is_found_in_decoded_fields_and_bodies() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        assert await found(dialogue, 'CHARSET UTF-8 SUBJECT "gr\u00fc\u00dfe"') == "2"
        assert await found(dialogue, 'CHARSET UTF-8 BODY "CAF\u00c9"') == "3"


async def test_a_charset_that_is_not_known_is_named() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        for command in ("SEARCH CHARSET UTF-16 SUBJECT x", "SORT (DATE) UTF-16 SUBJECT x"):
            answer = (await dialogue.run(command))[-1]
            assert answer.startswith("NO [BADCHARSET (US-ASCII UTF-8 ISO-8859-1 ")


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("ISO-8859-1", "gr\u00fc\u00dfe"),
        ("iso-8859-15", "GR\u00dc\u00dfE"),
        ("latin1", "gr\u00fc"),
        ("windows-1252", "\u00fc\u00dfe"),
        ("US-ASCII", "Gr"),
        ("utf8", "gr\u00fc\u00dfe"),
    ],
)
async def test_strings_are_taken_in_the_charset_that_is_named(charset: str, text: str) -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        octets = text.encode(charset)
        literal = b"{%d+}\r\n%b" % (len(octets), octets)
        for command in (b"SEARCH CHARSET %b SUBJECT %b", b"SORT (ARRIVAL) %b SUBJECT %b"):
            lines = await dialogue.run(command % (charset.encode(), literal))
            assert lines[0].split()[2:] == ["2"]


async def test_a_charset_beside_utf8_that_was_enabled_is_refused() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        await dialogue.run("ENABLE UTF8=ACCEPT")
        answer = (await dialogue.run("SEARCH CHARSET UTF-8 SUBJECT x"))[-1]
        assert answer.startswith("BAD ")
        assert (await dialogue.run("SORT (DATE) UTF-8 SUBJECT x"))[-1].startswith("OK ")


@pytest.mark.parametrize("keys", ["BODY x", "TEXT x", "HEADER Message-ID x", "SUBJECT x"])
async def test_in_an_empty_mailbox_nothing_is_found(keys: str) -> None:
    async with logged_in() as dialogue:
        assert await found(dialogue, keys) == ""
        sorted_lines = await dialogue.run(f"SORT (ARRIVAL) UTF-8 {keys}")
        assert sorted_lines[-1].startswith("OK"), sorted_lines


async def test_search_since_in_an_empty_mailbox() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("SEARCH SINCE 1-Feb-1994"))[0] == "* SEARCH"


async def test_return_options_are_answered_with_esearch() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        lines = await dialogue.run("UID SEARCH RETURN (MIN MAX COUNT ALL) FROM carol")
        assert lines[0] == '* ESEARCH (TAG "T3") UID MIN 1 MAX 2 COUNT 2 ALL 1:2'
        lines = await dialogue.run("SEARCH RETURN (COUNT) FROM nobody")
        assert lines[0] == '* ESEARCH (TAG "T4") COUNT 0'


async def test_imap4rev2_is_always_answered_with_esearch() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        await dialogue.run("ENABLE IMAP4rev2")
        assert (await dialogue.run("SEARCH FROM carol"))[0] == '* ESEARCH (TAG "T4") ALL 1:2'


async def test_what_was_saved_is_used_by_the_next_command() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        assert await dialogue.run("SEARCH RETURN (SAVE) FROM carol") == ["OK Searched."]
        assert (await dialogue.run("FETCH $ UID"))[:-1] == [
            "* 1 FETCH (UID 1)", "* 2 FETCH (UID 2)",
        ]  # fmt: skip
        assert (await dialogue.run("SEARCH NOT $"))[0] == "* SEARCH 3"
        await dialogue.run("SEARCH RETURN (SAVE MIN) ALL")
        assert (await dialogue.run("UID FETCH $ FLAGS"))[0].startswith("* 1 FETCH")


async def test_modseq_is_told_when_it_was_searched() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        await dialogue.run(r"STORE 2 +FLAGS (\Seen)")
        assert (await dialogue.run("SEARCH MODSEQ 5"))[0] == "* SEARCH 2 (MODSEQ 5)"


async def test_thousands_of_keys_are_searched_or_refused_but_never_break_the_session() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        assert await found(dialogue, " ".join(["NOT SUBJECT zzz"] * 450)) == "1 2 3"
        lines = await dialogue.run(f"SEARCH {' '.join(['NOT SUBJECT zzz'] * 2000)}")
        assert lines == ["NO [LIMIT] A search has at most 1000 keys."]
        assert (await dialogue.run("NOOP"))[-1].startswith("OK")


async def test_a_message_that_was_not_told_yet_is_not_found() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        await dialogue.server.deliver_async("alice", FIRST)
        lines = await dialogue.run("SEARCH ALL")
        assert lines[0] == "* SEARCH 1 2 3"
        assert "* 4 EXISTS" in lines


@pytest.mark.parametrize(
    ("returns", "modseq"),
    [("MIN", 5), ("MAX", 4), ("MIN MAX", 5), ("SAVE MAX", 4), ("MAX COUNT", 6), ("ALL", 6)],
)
async def test_the_mod_sequence_is_that_of_the_messages_that_are_told(
    returns: str, modseq: int
) -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        await dialogue.run(r"STORE 1 +FLAGS (\Seen)")
        await dialogue.run(r"STORE 2 +FLAGS (\Seen)")
        for command in ("SEARCH RETURN ({}) MODSEQ 1", "SORT RETURN ({}) (ARRIVAL) UTF-8 MODSEQ 1"):
            if "SAVE" not in returns or command.startswith("SEARCH"):
                lines = await dialogue.run(command.format(returns))
                assert lines[0].endswith(f" MODSEQ {modseq}"), lines
