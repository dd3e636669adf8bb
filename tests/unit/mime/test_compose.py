from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import answers, compose
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Composed, ComposeError, Draft, File
from desktopmail.mime.message import Message

ANNA = Mailbox("Anna Weber", "anna@sandbox.test")
BEN = Mailbox("Ben Okafor", "ben@sandbox.test")
MIRA = Mailbox("Mira Kovač", "mira@hof.example")
WHEN = datetime(2026, 11, 23, 8, 0, tzinfo=timezone(timedelta(hours=1)))


def build(draft: Draft, **more: object) -> Composed:
    options: dict[str, object] = {"date": WHEN, "message_id": "<1@sandbox.test>", "boundary": "b0"}
    return compose.build(draft, **{**options, **more})  # type: ignore[arg-type]


def read(draft: Draft, **more: object) -> Message:
    return Message.parse(build(draft, **more).octets)


def test_a_plain_message_is_what_was_meant() -> None:
    composed = build(
        Draft(ANNA, to=(BEN,), cc=(MIRA,), subject="Grüße", text=("Hallo Ben,\n\nbis bald\n"))
    )
    assert composed.octets.startswith(b"Date: Mon, 23 Nov 2026 08:00:00 +0100\r\nFrom: Anna Weber ")
    assert b"\n" not in composed.octets.replace(b"\r\n", b"")
    assert (composed.sender, composed.recipients) == (
        "anna@sandbox.test",
        ("ben@sandbox.test", "mira@hof.example"),
    )
    message = Message.parse(composed.octets)
    assert (message.subject, message.senders, message.to, message.cc) == (
        "Grüße",
        (ANNA,),
        (BEN,),
        (MIRA,),
    )
    assert message.text == "Hallo Ben,\n\nbis bald\n"
    assert (message.date, message.message_id) == (WHEN, "1@sandbox.test")
    assert message.defects == ()


def test_bcc_is_in_the_envelope_and_never_in_the_octets() -> None:
    draft = Draft(ANNA, to=(BEN,), bcc=(MIRA,), subject="x", text="y")
    composed = build(draft)
    assert "mira@hof.example" in composed.recipients
    assert b"mira" not in composed.octets.lower()
    assert b"bcc" not in composed.octets.lower()
    assert read(draft, keep_bcc=True).bcc == (MIRA,)


@pytest.mark.parametrize(
    "bad", [("x\r\nBcc: evil@x.test"), "x\nX: y", "x\rX: y", "x\x00y", "x\u2028X: y"]
)
def test_no_header_field_can_be_injected(bad: str) -> None:
    draft = Draft(
        Mailbox(bad, "anna@sandbox.test"),
        to=(Mailbox(bad, "ben@sandbox.test"),),
        subject=bad,
        text=bad,
        files=(File(bad, bad, b"x", content_id=bad),),
        in_reply_to=bad,
        references=(bad,),
        fields=(("X-Note", bad),),
    )
    composed = build(draft, user_agent=bad)
    message = Message.parse(composed.octets)
    assert {field.name for field in message.header.fields} == {
        "Date", "From", "To", "Subject", "Message-ID", "User-Agent", "X-Note", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    assert composed.recipients == ("ben@sandbox.test",)


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (Draft(ANNA, to=(Mailbox("", "a@b\r\nRCPT TO:<x@y>"),)), "not an address"),
        (Draft(ANNA, to=(Mailbox("Nobody", ""),)), "not an address"),
        (Draft(Mailbox("", "anna"), to=(BEN,)), "not an address"),
        (Draft(ANNA, to=(Mailbox("", "jörg@x.test"),)), "SMTPUTF8"),
        (Draft(ANNA, to=(BEN,), fields=(("Bad Name", "x"),)), "not the name"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_sentence(draft: Draft, sentence: str) -> None:
    with pytest.raises(ComposeError, match=sentence) as caught:
        build(draft)
    assert str(caught.value)[0].isupper() or str(caught.value)[0] == "'"
    assert str(caught.value).endswith(".")


def test_clock_and_message_id_are_checked() -> None:
    with pytest.raises(ComposeError, match="time zone"):
        build(Draft(ANNA), date=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake
    with pytest.raises(ComposeError, match="Message-ID"):
        build(Draft(ANNA), message_id="<a b\r\n>")


def test_utf8_addresses_go_to_servers_that_take_them() -> None:
    draft = Draft(ANNA, to=(Mailbox("Jörg", "jörg@bücher.example"),), subject="Grüße")
    assert draft.needs_utf8
    composed = build(draft, utf8=True)
    assert composed.needs_utf8
    assert composed.recipients == ("jörg@bücher.example",)
    assert "To: Jörg <jörg@bücher.example>\r\n".encode() in composed.octets or (
        '"Jörg" <jörg@bücher.example>'.encode() in composed.octets
    )
    plain = Draft(ANNA, to=(Mailbox("Jörg", "joerg@bücher.example"),))
    assert build(plain, utf8=True).octets.isascii()
    assert build(plain).recipients == ("joerg@xn--bcher-kva.example",)


def test_rich_text_has_a_plain_alternative_and_its_pictures() -> None:
    draft = Draft(
        ANNA,
        to=(BEN,),
        subject="x",
        text="plain",
        html='<p>rich <img src="cid:p@x"></p>',
        files=(
            File("p.png", "image/png", b"\x89PNG", "p@x"),
            File("a.pdf", "application/pdf", b"%PDF"),
        ),
    )
    message = read(draft)
    assert [part.media_type for part in message.tree.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert [(one.name, one.is_inline, one.octets) for one in message.attachments] == [
        ("p.png", True, b"\x89PNG"),
        ("a.pdf", False, b"%PDF"),
    ]
    assert message.html == '<p>rich <img src="cid:p@x"></p>'


def test_a_rich_text_alone_gets_its_plain_alternative() -> None:
    message = read(Draft(ANNA, to=(BEN,), html="<p>One</p><blockquote>two</blockquote>"))
    assert message.text == "One\n\n> two\n"


def test_the_encoding_is_picked_for_the_next_hop() -> None:
    draft = Draft(ANNA, to=(BEN,), text="Grüße\n")
    safe, short = build(draft), build(draft, eight_bit=True)
    assert (safe.needs_eight_bit, short.needs_eight_bit) == (False, True)
    assert "Grüße\r\n".encode() in short.octets
    assert Message.parse(safe.octets).text == Message.parse(short.octets).text == "Grüße\n"


@pytest.mark.parametrize(
    "body",
    [
        "From here\n.\n..\nFrom there",
        "ä" * 3000,
        "日本語のテキスト\n" * 50,
        "x" * 5000,
        "trailing spaces   \nline",
        "=?utf-8?q?x?= =3D\n=",
        "--=_b0_1\n--=_b0_1--",
        "",
        "\n\n\n",
        "> quoted " + "word " * 100 + "\n>> deeper",
    ],
)
def test_every_text_arrives(body: str) -> None:
    octets = build(Draft(ANNA, to=(BEN,), text=body, files=(File("x", "a/b", b"x"),))).octets
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    assert not any(line.startswith(b"From ") for line in octets.split(b"\r\n"))
    message = Message.parse(octets)
    assert len(message.attachments) == 1
    want = [line.rstrip() for line in body.rstrip("\n").split("\n")]
    assert [line.rstrip() for line in message.text.rstrip("\n").split("\n")] == want


def test_a_quoted_delimiter_of_ours_does_not_cut_the_message() -> None:
    first = build(Draft(ANNA, text="x", files=(File("f", "a/b", b"x"),))).octets
    second = read(Draft(ANNA, text=first.decode(), files=(File("f", "a/b", b"y"),)))
    assert len(second.tree.children) == 2
    attached = read(Draft(ANNA, text="x", files=(File("m.eml", "message/rfc822", first),)))
    assert attached.attachments[0].octets == first


def test_an_enclosed_message_is_not_encoded_unless_it_must_be() -> None:
    def of(octets: bytes) -> tuple[str, str]:
        part = read(
            Draft(ANNA, text="x", files=(File("m", "message/rfc822", octets),))
        ).tree.children[1]
        return part.media_type, part.encoding

    assert of(b"Subject: x\n\ny") == ("message/rfc822", "7bit")
    assert of("Subject: x\r\n\r\nä".encode()) == ("message/rfc822", "8bit")
    assert of(b"Subject: x\r\n\r\n" + b"y" * 2000) == ("application/octet-stream", "base64")
    assert of(b"Subject: x\r\n\r\n\x00") == ("application/octet-stream", "base64")


def test_long_message_ids_stay_whole() -> None:
    # `email.policy.SMTP` makes encoded words of them, which breaks threads.
    long = "x" * 150 + "@example.org"
    octets = build(Draft(ANNA, in_reply_to=long, references=("a@b", long))).octets
    assert f"<{long}>".encode() in octets
    assert Message.parse(octets).references == ("a@b", long)


def test_very_many_references_keep_the_root_and_the_nearest() -> None:
    found = read(Draft(ANNA, references=tuple(f"{n}@x" for n in range(500)))).references
    assert len(found) == compose.MAX_REFERENCES_WRITTEN
    assert (found[0], found[-1]) == ("0@x", "499@x")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60)


@given(NAMES, NAMES, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_the_standard_library_reads_what_we_write(name: str, subject: str, body: str) -> None:
    body = body.replace("\x85", "")
    draft = Draft(Mailbox(name, "anna@sandbox.test"), to=(BEN,), subject=subject, text=body)
    theirs = email.message_from_bytes(build(draft).octets, policy=email.policy.default)
    assert [one.addr_spec for one in theirs["from"].addresses] == ["anna@sandbox.test"]
    assert str(theirs["subject"]).split() == subject.split()
    assert not theirs.defects
    ours = Message.parse(build(draft).octets).text
    assert ours.replace(">", " ").split() == body.replace(">", " ").split()
    # It leaves soft breaks and quote marks of format=flowed as they are.
    letters = "".join(theirs.get_content().replace(">", "").split())
    assert letters.lstrip("\ufeff") == "".join(body.replace(">", "").split()).lstrip("\ufeff")


@pytest.mark.parametrize(
    ("text", "promises"),
    [
        ("see the attached plan", True),
        ("Anbei der Plan", True),
        ("Der Plan ist im Anhang.", True),
        ("The attachments hold all of it.", True),
        ("Find enclosed our offer", True),
        ("In den Anlagen findest du alles", True),
        ("beiliegend die Rechnung", True),
        ("Wie gesagt hänge ich den Plan an.", True),
        ("Ich hänge sehr an dem Haus.", False),
        ("She detached the cart.", False),
        ("Hi\n-- \nAttached to nothing", False),
        ("> see attached\nthanks", False),
        ("hello", False),
    ],
)
def test_a_forgotten_attachment_is_noticed(text: str, promises: bool) -> None:
    draft = Draft(ANNA, to=(BEN,), text=text)
    assert draft.promises_attachment is promises
    assert not compose.replace(draft, files=(File("a", "a/b", b""),)).promises_attachment


def test_everybody_gets_it_once() -> None:
    draft = Draft(ANNA, to=(BEN, Mailbox("", "BEN@sandbox.test")), cc=(BEN,), bcc=(MIRA,))
    assert draft.recipients == ("ben@sandbox.test", "mira@hof.example")


def test_dates_are_written_with_their_zone() -> None:
    assert (
        b"Date: Mon, 23 Nov 2026 07:00:00 +0000\r\n"
        in build(Draft(ANNA), date=datetime(2026, 11, 23, 7, tzinfo=UTC)).octets
    )


def test_a_draft_keeps_what_is_no_address_yet() -> None:
    meant = Draft(ANNA, to=(BEN, Mailbox("", "mir")), bcc=(Mailbox("", "jonas"),), text="x\n")
    with pytest.raises(ComposeError):
        build(meant)
    kept = read(meant, keep_bcc=True, unfinished=True)
    assert kept.to == (BEN,)
    assert "bcc" not in kept.header
    again = answers.edit_as_new(kept)
    assert (again.to, again.bcc) == (meant.to, meant.bcc)
