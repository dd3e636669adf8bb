from __future__ import annotations

from desktopmail.mime.defect import Defect
from desktopmail.mime.message import Message


def test_every_defect_is_a_sentence_for_people() -> None:
    for defect in Defect:
        assert defect.value[0].isupper(), defect
        assert defect.value.endswith("."), defect


def test_a_flawless_message_has_no_defect() -> None:
    octets = b"From: a@b.test\r\nDate: Mon, 23 Nov 2026 08:00:00 +0100\r\n\r\nHello\r\n"
    assert Message.parse(octets).defects == ()


def test_a_message_tells_all_that_is_wrong_with_it_once() -> None:
    octets = (
        b"From: a@b.test\r\nDate: yesterday\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xe4\x00\r\n"
        b"--x\r\nContent-Type: nonsense\r\n\r\n\r\n"
    )
    assert set(Message.parse(octets).defects) == {
        Defect.NOT_CLOSED,
        Defect.BAD_CONTENT_TYPE,
        Defect.UNKNOWN_CHARSET,
        Defect.NUL,
        Defect.BAD_DATE,
    }
