"""FETCH of every item, past the end, in parts, and of messages nobody should have sent."""

from __future__ import annotations

import pytest

from desktopmail.mime import structure
from localserver.imap import fetch, items
from localserver.store import content
from localserver.store.account import Account
from tests.helpers.imap_dialogue import logged_in, mail

MULTIPART = (
    b"From: a@example.org\r\nSubject: two parts\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"AAECAw==\r\n--b--\r\n"
)


async def test_envelope_body_and_size_come_from_the_stored_columns() -> None:
    octets = mail("Hello")
    async with logged_in(messages=[octets]) as dialogue:
        line = (await dialogue.run("FETCH 1 (ENVELOPE RFC822.SIZE BODY)"))[0]
        assert line == (
            '* 1 FETCH (ENVELOPE ("Mon, 7 Feb 1994 21:52:25 -0800" "Hello" '
            '(("Carol" NIL "carol" "example.org")) (("Carol" NIL "carol" "example.org")) '
            '(("Carol" NIL "carol" "example.org")) ((NIL NIL "alice" "localhost")) NIL NIL NIL '
            f'"<Hello@example.org>") RFC822.SIZE {len(octets)} '
            'BODY ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 9 1))'
        )


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        ("BODY.PEEK[1]", "BODY[1] {5}\r\nfirst"),
        ("BODY.PEEK[1.MIME]", "BODY[1.MIME] {28}\r\nContent-Type: text/plain\r\n\r\n"),
        ("BODY.PEEK[2]<0.4>", "BODY[2]<0> {4}\r\nAAEC"),
        ("BODY.PEEK[2]<100.4>", "BODY[2]<100> {0}\r\n"),
        ("BODY.PEEK[3]", "BODY[3] NIL"),
        ("BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
         "BODY[HEADER.FIELDS (SUBJECT)] {22}\r\nSubject: two parts\r\n\r\n"),
        ("BODY.PEEK[]<0.5>", "BODY[]<0> {5}\r\nFrom:"),
        ("BINARY.PEEK[2]", "BINARY[2] ~{4}\r\n\0\1\2\3"),
        ("BINARY.SIZE[2]", "BINARY.SIZE[2] 4"),
        ("PREVIEW", 'PREVIEW "first"'),
        ("EMAILID", "EMAILID (M1)"),
        ("THREADID", "THREADID (T1)"),
    ],
)  # fmt: skip
async def test_parts_are_cut_as_asked_for(item: str, answer: str) -> None:
    async with logged_in(messages=[MULTIPART]) as dialogue:
        assert (await dialogue.run(f"FETCH 1 {item}"))[0] == f"* 1 FETCH ({answer})"


async def test_reading_marks_as_seen_and_tells_it_and_peeking_does_not() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert "FLAGS" not in (await dialogue.run("FETCH 1 BODY.PEEK[TEXT]"))[0]
        line = (await dialogue.run("FETCH 1 BODY[TEXT]"))[0]
        assert line.endswith(r" FLAGS (\Seen \Recent))")
        assert "FLAGS" not in (await dialogue.run("FETCH 1 BODY[TEXT]"))[0]


async def test_a_fetch_past_the_end_is_bad_and_of_missing_uids_is_ok() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run("FETCH 2 UID"))[-1].startswith("BAD")
        assert (await dialogue.run("FETCH 1:9 UID"))[-1].startswith("BAD")
        assert await dialogue.run("UID FETCH 9:99 UID") == ["OK Fetched."]
        assert (await dialogue.run("UID FETCH 9:* UID"))[0] == "* 1 FETCH (UID 1)"
        assert (await dialogue.run("FETCH * UID"))[0] == "* 1 FETCH (UID 1)"


async def test_a_fetch_in_an_empty_mailbox() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("FETCH 1:* FLAGS"))[-1].startswith("BAD")
        assert await dialogue.run("UID FETCH 1:* FLAGS") == ["OK Fetched."]


async def test_changedsince_tells_the_changed_ones_with_their_modseq() -> None:
    async with logged_in(messages=[mail("a"), mail("b"), mail("c")]) as dialogue:
        lines = await dialogue.run("UID FETCH 1:* (MODSEQ)")
        last = int(lines[2].partition("MODSEQ (")[2].rstrip(")"))
        await dialogue.run(r"STORE 2 +FLAGS.SILENT (\Seen)")
        lines = await dialogue.run(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {last})")
        assert len(lines) == 2
        assert lines[0].startswith(r"* 2 FETCH (UID 2 FLAGS (\Seen \Recent) MODSEQ (")


async def test_vanished_uids_are_told_when_asked_for() -> None:
    async with logged_in(select=None, messages=[mail("a"), mail("b")]) as dialogue:
        await dialogue.run("ENABLE QRESYNC")
        await dialogue.run("SELECT INBOX")
        await dialogue.run(r"STORE 1 +FLAGS.SILENT (\Deleted)")
        await dialogue.run("EXPUNGE")
        lines = await dialogue.run("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)")
        assert "* VANISHED (EARLIER) 1" in lines


async def test_vanished_uids_are_told_only_to_who_enabled_qresync() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        lines = await dialogue.run("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)")
        assert lines == ["BAD Enable QRESYNC first."]
        assert "MODSEQ" not in (await dialogue.run("FETCH 1 FLAGS"))[0]


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: nul\r\n\r\na\0b\r\n",
        b"no header at all",
        b"\r\n",
        b"Subject: bare\n\nline ends\rmixed\r\n",
        b"\xff\xfe binary \x80\r\n\r\n\x00" * 20,
        b"Subject: \xe4\xf6\xfc\r\n\r\nlatin",
    ],
)
async def test_every_octet_comes_back_as_it_was(octets: bytes) -> None:
    async with logged_in(messages=[octets]) as dialogue:
        line = (await dialogue.run("FETCH 1 (BODY.PEEK[] ENVELOPE BODYSTRUCTURE)"))[0]
        body = f"BODY[] {{{len(octets)}}}\r\n".encode() + octets
        assert body in line.encode("latin-1")


async def test_ten_thousand_messages_are_fetched_in_steps() -> None:
    async with logged_in(select=None) as dialogue:
        account = await dialogue.server.server.store.account("alice")
        from localserver.store.account import Message

        box = account.mailbox("INBOX")
        await account.append(box, [Message(b"Subject: x\r\n\r\nx\r\n")] * 2500)
        await dialogue.run("SELECT INBOX")
        lines = await dialogue.run("FETCH 1:* (UID FLAGS)")
        assert len(lines) == 2501
        assert lines[2499].startswith("* 2500 FETCH (UID 2500 ")


async def test_an_encoding_that_is_not_known_is_said_for_binary() -> None:
    octets = b"Content-Transfer-Encoding: x-secret\r\nContent-Type: application/x\r\n\r\nabc"
    async with logged_in(messages=[octets]) as dialogue:
        assert (await dialogue.run("FETCH 1 BINARY[1]"))[-1].startswith("NO [UNKNOWN-CTE]")


async def test_more_parts_than_any_client_asks_for_are_refused() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        ranges = [f"BODY.PEEK[]<{start}.1>" for start in range(251)]
        lines = await dialogue.run(f"FETCH 1 ({' '.join(ranges)})")
        assert lines == ["NO [LIMIT] A FETCH asks for at most 250 parts."]
        lines = await dialogue.run(f"FETCH 1 ({' '.join(ranges[1:])})")
        assert lines[-1] == "OK Fetched."


async def test_a_message_asked_for_many_times_in_one_command_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(items, "MAX_ANSWER_OCTETS", 400_000)
    async with logged_in(messages=[mail("a", "x" * 99_000)]) as dialogue:
        three = "BODY.PEEK[] BODY.PEEK[TEXT] BODY.PEEK[1]"
        assert (await dialogue.run(f"FETCH 1 ({three})"))[-1] == "OK Fetched."
        lines = await dialogue.run(f"FETCH 1 ({three} BODY.PEEK[]<1.99000> BODY.PEEK[1]<2.99000>)")
        assert lines == ["NO [LIMIT] A FETCH asks for at most 400000 octets of a message."]


async def test_a_message_is_parsed_once_for_all_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    parse = structure.parse

    def counted(octets: bytes) -> structure.Part:
        parsed.append(octets)
        return parse(octets)

    monkeypatch.setattr(items, "_PARSED_MAX_OCTETS", 0)
    monkeypatch.setattr(items.structure, "parse", counted)
    async with logged_in(messages=[mail("a")]) as dialogue:
        lines = await dialogue.run("FETCH 1 (BODY.PEEK[1] BODY.PEEK[1.MIME] BINARY.PEEK[1])")
        assert lines[-1] == "OK Fetched."
    assert len(parsed) == 1


async def test_who_wants_mod_sequences_is_told_that_of_a_message_that_is_read() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as dialogue:
        await dialogue.run("ENABLE CONDSTORE")
        lines = await dialogue.run("FETCH 1 BODY[HEADER.FIELDS (Subject)]")
        assert lines[0].endswith(r" FLAGS (\Seen \Recent) MODSEQ (4) UID 1)")
        lines = await dialogue.run("UID FETCH 2 (MODSEQ FLAGS BODY[HEADER.FIELDS (Subject)])")
        assert lines[0].count("MODSEQ") == lines[0].count("UID") == lines[0].count("FLAGS") == 1


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (content, fetch):
        monkeypatch.setattr(module, "LARGE_OCTETS", 3)


_ASKED = [
    "BODY[]", "BODY[TEXT]", "BODY[HEADER]", "BODY[1]", "BODY[2]", "BODY[3]", "BODY[1.MIME]",
    "BODY[]<7.9>", "BODY[]<0.4>", "BODY[TEXT]<9999.5>", "BODY[9]<0.5>", "BODY[2]<2.3>",
    "BODY[HEADER.FIELDS (SUBJECT)]", "BINARY[2]", "BINARY[2]<0.2>", "BINARY.SIZE[2]", "RFC822",
    "RFC822.TEXT", "(UID FLAGS BODY[] RFC822.SIZE BODY[TEXT]<0.2> EMAILID)", "(BODY[1] MODSEQ)",
    "(BODY.PEEK[] BODYSTRUCTURE)", "(BODY.PEEK[2] ENVELOPE BODY.PEEK[HEADER] BODY.PEEK[])",
    "BODY.PEEK[] (CHANGEDSINCE 1)", "BODY.PEEK[] (CHANGEDSINCE 9999)",
]  # fmt: skip


async def test_large_messages_are_answered_in_pieces_as_small_ones_are_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages = [MULTIPART, mail("a"), b"Subject: no body\r\n", b"\r\n", b"\r\nx", b"\0 \xff\r\r\n"]

    async def answers() -> list[list[str]]:
        found = []
        for item in _ASKED:
            async with logged_in(messages=messages) as dialogue:
                found += [await dialogue.run(f"FETCH {which} {item}") for which in (1, "1:*", "4")]
                found.append(await dialogue.run(f"UID FETCH 1:* {item}"))
        return found

    at_once = await answers()
    for module in (content, fetch):
        monkeypatch.setattr(module, "LARGE_OCTETS", 3)
    monkeypatch.setattr(items, "_SMALL_OCTETS", -1)
    assert await answers() == at_once


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("is_read", [False, True])
async def test_a_large_message_that_goes_while_it_is_read_is_told_to_be_gone(
    monkeypatch: pytest.MonkeyPatch, *, is_read: bool
) -> None:
    async def going(account: Account, message: int) -> bytes | None:
        octets = account.octets(message)
        await account.expunge(account.mailbox("INBOX"), [1], only_deleted=False)
        return octets if is_read else None

    monkeypatch.setattr(Account, "octets_in_turns", going)
    monkeypatch.setattr(items, "_SMALL_OCTETS", -1)
    async with logged_in(messages=[mail("a"), mail("b")]) as dialogue:
        (answer,) = await dialogue.run("FETCH 1 BODY[]")
        assert answer.startswith("NO [EXPUNGEISSUED]")
