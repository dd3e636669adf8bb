import pytest

from desktopmail.net.ports import InlineExecutor
from localserver.submission.spam_filter import GTUBE, SpamRule
from localserver.submission.subject import Subject
from tests.helpers.smtp_talk import MESSAGE


def subject(octets: bytes) -> Subject:
    return Subject(octets, len(octets), "smtp", "", "", "", (), InlineExecutor())


async def test_an_ordinary_message_has_no_score() -> None:
    assert SpamRule({}).reasons(subject(MESSAGE)) == {}
    assert await SpamRule({}).hit(subject(MESSAGE)) is None


async def test_the_gtube_line_is_spam() -> None:
    assert await SpamRule({}).hit(subject(MESSAGE + GTUBE + b"\r\n")) == "score 5: GTUBE"


@pytest.mark.parametrize(
    ("octets", "reasons"),
    [
        (b"\r\n", {"From": 2, "no Date": 1, "no Message-ID": 1, "no text": 1}),
        (MESSAGE.replace(b"Subject: x", b"Subject: BUY THIS NOW"), {"capitals": 2}),
        (MESSAGE.replace(b"Subject: x", b"Subject: You are a winner"), {"subject": 1}),
        (MESSAGE.replace(b"Subject: x", b"Subject: hi!!!"), {"subject": 1}),
        (
            MESSAGE.replace(b"\r\n\r\nbody", b"\r\nContent-Type: text/html\r\n\r\n<a href="
                            b"\"http://evil.example/\">bank.example</a> text"),
            {"link": 2, "HTML only": 1},
        ),
    ],
)  # fmt: skip
async def test_each_oddity_counts(octets: bytes, reasons: dict[str, int]) -> None:
    assert SpamRule({}).reasons(subject(octets)) == reasons


async def test_the_threshold_can_be_set() -> None:
    assert await SpamRule({"threshold": 1}).hit(
        subject(MESSAGE.replace(b"Subject: x", b"Subject: hi!!!"))
    )
