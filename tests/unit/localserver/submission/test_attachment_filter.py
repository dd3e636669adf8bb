import pytest

from desktopmail.net.ports import InlineExecutor
from localserver.submission.attachment_filter import AttachmentRule
from localserver.submission.subject import Subject


def subject(name: str, kind: str = "application/octet-stream") -> Subject:
    octets = (
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f'text\r\n--b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"'
        "\r\n\r\nx\r\n--b--\r\n"
    ).encode()
    return Subject(octets, len(octets), "smtp", "", "", "", (), InlineExecutor())


@pytest.mark.parametrize("name", ["a.exe", "A.EXE", "invoice.pdf.js", "x.vbs", "y.scr"])
async def test_programs_are_hit_by_default(name: str) -> None:
    assert await AttachmentRule({}).hit(subject(name)) is not None


async def test_other_attachments_are_not() -> None:
    assert await AttachmentRule({}).hit(subject("report.pdf")) is None


async def test_types_and_names_can_be_given() -> None:
    rule = AttachmentRule({"types": ["video/*"]})
    assert await rule.hit(subject("a.mp4", "video/mp4")) is not None
    assert await rule.hit(subject("a.exe")) is None
    assert await AttachmentRule({"names": ["*.zip"]}).hit(subject("A.ZIP")) is not None


def test_wrong_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="names takes a list of texts"):
        AttachmentRule({"names": "*.exe"})
