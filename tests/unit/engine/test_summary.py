"""A row of any message whatever: the same digest by each way, and nothing that a store refuses."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.vocabulary import indexed
from desktopmail.door.words import spaced
from desktopmail.engine import summary
from desktopmail.mime.message import Message
from tests.helpers.corpora import message_parameters
from tests.helpers.store import mail

ATTACHED = (
    b"From: Ann <ann@example.org>\r\nSubject: two parts\r\nMessage-ID: <p@example.org>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n"
    b"--b\r\nContent-Type: application/pdf; name=plan.pdf\r\n"
    b"Content-Disposition: attachment; filename=plan.pdf\r\n\r\n%PDF\r\n--b--\r\n"
)


def header_of(octets: bytes) -> bytes:
    return octets[: octets.index(b"\r\n\r\n") + 4]


def test_the_header_alone_has_the_digest_of_the_whole() -> None:
    whole, header = summary.of_message(mail(1)), summary.of_header(header_of(mail(1)))
    assert whole.digest == header.digest
    assert len(whole.digest) == 32
    assert (whole.header, header.header) == (b"", header_of(mail(1)))
    assert (whole.is_whole, header.is_whole) == (True, False)


def test_line_ends_make_no_other_message() -> None:
    bare = mail(1).replace(b"\r\n", b"\n")
    assert summary.of_message(bare).digest == summary.of_message(mail(1)).digest


def test_people_are_senders_first() -> None:
    row = summary.of_message(mail(1, to="Bob <bob@example.org>, Zoe <zoe@example.org>"))
    assert row.sender == ("Ann", "ann@example.org")
    assert row.people[: row.senders] == (("Ann", "ann@example.org"),)
    assert row.people[row.senders :] == (("Bob", "bob@example.org"), ("Zoe", "zoe@example.org"))
    assert row.recipients == "Bob, Zoe"


_boxes = st.lists(
    st.tuples(st.sampled_from(["Ann", "Grüße Öl", "\ud800", ""]), st.sampled_from("abc")),
    max_size=30,
)


@given(st.tuples(_boxes, _boxes, _boxes, _boxes))
def test_people_seen_before_are_read_as_at_first(drawn: tuple[list[tuple[str, str]], ...]) -> None:
    fields = [[f"{name} <{local}@example.org>" for name, local in boxes] for boxes in drawn]
    block = "".join(
        f"{name}: {', '.join(field)}\r\n"
        for name, field in zip(("From", "To", "Cc", "Bcc"), fields, strict=True)
    ).encode("utf-8", "surrogatepass")
    message = Message.parse(block + b"\r\n")
    row = summary.of_header(block + b"\r\n")
    recipients = (*message.to, *message.cc)
    people = [(summary.sound(one.name), summary.sound(one.address)) for one in message.senders]
    assert list(row.people[: row.senders]) == people
    assert row.sender == (people[0] if people else ("", ""))
    assert list(row.people[row.senders :]) == [
        (summary.sound(one.name), summary.sound(one.address)) for one in recipients
    ]
    assert row.recipients == summary.sound(", ".join(one.shown for one in recipients))
    found_by = " ".join(f"{one.name} {one.address}" for one in (*recipients, *message.bcc))
    assert set(row.words.recipients.split()) == set(
        indexed(spaced(summary.sound(found_by))).split()
    )


def test_only_a_whole_message_has_words_and_a_preview() -> None:
    whole, header = summary.of_message(ATTACHED), summary.of_header(header_of(ATTACHED))
    assert whole.preview.startswith("see the file")
    assert whole.has_attachment
    assert whole.words.files.startswith("plan pdf ")  # as the index has them
    assert (header.preview, header.words.body, header.words.files) == ("", "", "")
    assert header.has_attachment  # a guess by its type


def test_the_header_of_a_hostile_message_does_not_fill_the_index() -> None:
    crowd = ", ".join(f"p{number} <p{number}@example.org>" for number in range(5000))
    row = summary.of_message(mail(1, subject="x" * 100_000, to=crowd))
    assert len(row.subject) <= summary.MAX_SUBJECT_CHARACTERS
    assert row.recipients.count(",") < summary.MAX_RECIPIENTS_SHOWN


def _keepable(row: summary.Summary) -> None:
    connection = apsw.Connection(":memory:")
    texts = (
        row.message_id, row.subject, *row.sender, row.recipients, row.preview, *row.references,
        row.words.sender, row.words.recipients, row.words.body, row.words.files,
        *(text for person in row.people for text in person),
    )  # fmt: skip
    for text in texts:
        connection.execute("SELECT ?", (text,)).fetchall()
    connection.execute("SELECT ?", (row.date_s,)).fetchall()
    assert len(row.digest) == 32
    assert row.senders <= len(row.people)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_octets_whatever_are_refused(octets: bytes) -> None:
    _keepable(summary.of_message(octets))
    _keepable(summary.of_header(octets))


@pytest.mark.parametrize("octets", message_parameters())
def test_every_message_of_the_corpora_has_a_row(octets: bytes) -> None:
    _keepable(summary.of_message(octets))


@pytest.mark.parametrize("octets", message_parameters())
def test_what_is_told_beside_a_header_is_what_the_whole_message_tells(octets: bytes) -> None:
    whole, rest = summary.of_message(octets), summary.rest_of(octets)
    assert rest == tuple(getattr(whole, name) for name in rest._fields)


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: AW: Fwd: Lunch", "lunch"),
        ("RE[2]: Lunch", "lunch"),
        ("Reply to all", "reply to all"),
        ("re: re: re:", ""),
        ("x" * 100, "x" * 40),
    ],
)
def test_a_subject_is_sorted_without_what_answering_put_before_it(subject: str, base: str) -> None:
    assert summary.base_subject(subject) == base


def test_words_without_a_body_take_memory_too() -> None:
    """A hundred thousand rows of headers were kept until the last of them."""
    words = summary.of_header(header_of(mail(1))).words
    assert words.characters > sum(map(len, words))
