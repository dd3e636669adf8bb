"""A message made ready to be shown, off the thread of the window."""

from __future__ import annotations

from desktopmail.mime.text import Kind
from desktopmail.ui.reading.content import read_letter

LETTER = (
    "From: Käthe <kaethe@example.org>\r\nTo: anna@example.org, ben@example.org\r\n"
    "Cc: carla@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    "Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.org>\r\n"
    "List-Id: Garden <garden.example.org>\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n> Ten?\r\n\r\nTen it is.\r\n-- \r\nK\r\n"
    '--b\r\nContent-Type: application/pdf; name="a.pdf"\r\n\r\n%PDF\r\n--b--\r\n'
).encode()
HTML = (
    b"From: a@example.org\r\nSubject: page\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b'<script>alert(1)</script><p>Hello</p><img src="https://t.example/i.gif">'
)


def test_a_letter_says_who_what_and_when() -> None:
    letter = read_letter(LETTER)
    assert letter.subject == "Grüße"
    assert [box.address for box in (*letter.sender, *letter.to, *letter.cc)] == [
        "kaethe@example.org", "anna@example.org", "ben@example.org", "carla@example.org",
    ]  # fmt: skip
    assert letter.date_s == 1795424400.0
    assert "garden.example.org" in letter.list_id
    assert [it.name for it in letter.attachments] == ["a.pdf"]
    assert letter.html is None


def test_its_text_is_cut_into_quote_words_and_signature() -> None:
    kinds = [block.kind for block in read_letter(LETTER).blocks]
    assert kinds == [Kind.QUOTE, Kind.TEXT, Kind.SIGNATURE]


def test_of_a_header_alone_nothing_more_is_said() -> None:
    letter = read_letter(LETTER.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", whole=False)
    assert (letter.subject, letter.whole, letter.blocks, letter.attachments) == (
        "Grüße", False, (), (),
    )  # fmt: skip


def test_its_html_is_made_safe_and_remote_images_are_blocked() -> None:
    letter = read_letter(HTML)
    assert letter.html is not None
    assert "script" not in letter.page
    assert letter.html.remote_images == ("https://t.example/i.gif",)
    assert "https://t.example" not in letter.page


def test_remote_images_that_are_allowed_are_asked_of_the_engine_alone() -> None:
    letter = read_letter(HTML, remote=True)
    assert f"mail-remote:/{letter.key}/0" in letter.page
    assert "https://t.example" not in letter.page


def test_two_letters_do_not_serve_each_others_pictures() -> None:
    assert read_letter(HTML).key != read_letter(HTML).key
