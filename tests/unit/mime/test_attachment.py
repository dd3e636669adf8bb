from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import attachment
from desktopmail.mime.attachment import Warned
from desktopmail.mime.message import Message


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Windows\system32\evil.exe", "evil.exe"),
        ("/absolute/x.txt", "x.txt"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("  ..hidden..  ", "hidden"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ('a<b>c|d?e*f"g.txt', "abcdefg.txt"),
        ("u\u0308ber.txt", "über.txt"),
        ("....", ""),
        ("/", ""),
        ("", ""),
        ("a    b\t.txt", "a b.txt"),
        ("日本語.pdf", "日本語.pdf"),
        ("name.txt ", "name.txt"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert attachment.safe_name(name) == safe


@given(st.text(max_size=400))
def test_every_name_becomes_one_that_every_file_system_takes(name: str) -> None:
    safe = attachment.safe_name(name)
    assert len(safe.encode("utf-8", "replace")) <= attachment.MAX_NAME_OCTETS + 1
    assert not set(safe) & set('/\\:\x00\n\r<>"|?*')
    assert not safe.startswith((".", " "))
    assert not safe.endswith((".", " "))


def test_a_long_name_keeps_its_extension() -> None:
    safe = attachment.safe_name("ä" * 300 + ".pdf")
    assert safe.endswith("ä.pdf")
    assert len(safe.encode()) <= attachment.MAX_NAME_OCTETS


@pytest.mark.parametrize(
    ("name", "media_type", "warned"),
    [
        ("report.pdf", "application/pdf", Warned.NO),
        ("photo.jpg", "image/jpeg", Warned.NO),
        ("setup.EXE", "application/octet-stream", Warned.PROGRAM),
        ("invoice.pdf.exe", "application/pdf", Warned.DISGUISED),
        ("invoice.pdf      .scr", "application/pdf", Warned.DISGUISED),
        ("invoice\u202efdp.exe", "application/octet-stream", Warned.REVERSED),
        ("table.xlsm", "application/octet-stream", Warned.MACROS),
        ("login.html", "text/html", Warned.WEB_PAGE),
        ("picture.svg", "image/svg+xml", Warned.WEB_PAGE),
        ("photos.zip", "application/zip", Warned.ARCHIVE),
        ("notes.txt", "application/x-msdownload", Warned.MISLABELLED),
        ("link.url", "text/plain", Warned.PROGRAM),
        ("disk.iso", "application/octet-stream", Warned.PROGRAM),
        ("version.1.0.pdf", "application/pdf", Warned.NO),
    ],
)
def test_dangerous_kinds_are_warned_about(name: str, media_type: str, warned: Warned) -> None:
    assert attachment.warning(name, media_type) is warned


def names(octets: bytes) -> list[tuple[str, bool]]:
    return [(one.name, one.is_inline) for one in Message.parse(octets).attachments]


def mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    return b"Content-Type: multipart/" + kind + b"; boundary=x\n\n" + b"".join(
        b"--x\n" + part for part in parts
    ) + b"--x--\n"  # fmt: skip


def test_what_is_neither_text_nor_shown_in_it_is_an_attachment() -> None:
    octets = mixed(
        b"Content-Type: text/plain\n\nhello\n",
        b"Content-Type: application/pdf; name=a.pdf\n\nx\n",
        b"Content-Type: text/plain\nContent-Disposition: attachment; filename=b.txt\n\nx\n",
        b"Content-Type: image/png\n\nx\n",
        b"Content-Type: message/rfc822\n\nSubject: Old news\n\nx\n",
        b"Content-Type: message/delivery-status\n\nx\n",
    )
    assert names(octets) == [
        ("a.pdf", False),
        ("b.txt", False),
        ("image.png", False),
        ("Old news.eml", False),
        ("delivery-status.txt", False),
    ]


def test_a_picture_of_the_html_is_inline_and_one_beside_plain_text_is_not() -> None:
    picture = b"Content-Type: image/png; name=p.png\nContent-ID: <p>\n\nx\n"
    html = b"Content-Type: text/html\n\n<img src=cid:p>\n"
    assert names(mixed(html, picture, kind=b"related")) == [("p.png", True)]
    plain = b"Content-Type: text/plain\n\nx\n"
    assert names(mixed(plain, picture, kind=b"related")) == [("p.png", False)]


def test_equal_names_are_numbered() -> None:
    part = b"Content-Type: image/png; name=A.png\n\nx\n"
    assert [name for name, _ in names(mixed(part, part, part.replace(b"A", b"a")))] == [
        "A.png",
        "A (2).png",
        "a (3).png",
    ]


def test_another_rendering_of_the_text_is_no_attachment_but_an_invitation_is() -> None:
    octets = mixed(
        b"Content-Type: text/plain\n\nx\n",
        b"Content-Type: text/x-amp-html\n\nx\n",
        b"Content-Type: text/html\n\nx\n",
        b"Content-Type: text/calendar; method=REQUEST\n\nx\n",
        kind=b"alternative",
    )
    assert names(octets) == [("invitation.ics", False)]


def test_a_message_that_is_only_a_file_is_its_attachment() -> None:
    octets = b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n"
    (only,) = Message.parse(octets).attachments
    assert (only.octets, only.size_octets, only.number) == (b"Hello", 5, "1")


@given(st.binary(max_size=200))
def test_the_size_of_base64_is_known_without_decoding(octets: bytes) -> None:
    import base64

    message = (
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
    ) + base64.encodebytes(octets)
    for one in Message.parse(message).attachments:
        assert one.size_octets == len(one.octets) == len(octets)
