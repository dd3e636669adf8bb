"""What filters see of a message."""

import threading

from desktopmail.net.ports import InlineExecutor, ThreadExecutor
from localserver.submission.subject import Subject


def a_subject(octets: bytes, executor: InlineExecutor | ThreadExecutor) -> Subject:
    return Subject(octets, len(octets), "smtp", "127.0.0.1:1", "", "", (), executor)


def test_the_message_is_parsed_once() -> None:
    subject = a_subject(b"Subject: x\r\n\r\n", InlineExecutor())
    assert subject.parsed.subject == "x"
    assert subject.parsed is subject.parsed


async def test_a_large_message_is_read_beside_the_loop_and_a_small_one_in_it() -> None:
    def thread(_: Subject) -> int:
        return threading.get_ident()

    for size, is_in_loop in ((100, True), (1_000_000, False)):
        found = await a_subject(b"x" * size, ThreadExecutor()).read(thread)
        assert (found == threading.get_ident()) is is_in_loop
