from __future__ import annotations

from desktopmail.mime import reference
from desktopmail.mime.header import Header


def of(text: str) -> tuple[str, ...]:
    return reference.of(Header.parse(text.replace("\n", "\r\n").encode() + b"\r\n"))


def test_references_are_the_ancestors_the_parent_last() -> None:
    # RFC 5322 appendix A.2, the third message.
    text = "Message-ID: <3@x>\nIn-Reply-To: <2@x>\nReferences: <1@x>\n <2@x>\n"
    assert of(text) == ("1@x", "2@x")


def test_in_reply_to_stands_in_where_there_are_no_references() -> None:
    assert of("In-Reply-To: <1@x> (Anna's message of Monday)\n") == ("1@x",)
    assert of("In-Reply-To: Your message <1@x> and <2@x>\n") == ("1@x",)
    assert of("References: \nIn-Reply-To: <1@x>\n") == ("1@x",)


def test_a_message_is_not_its_own_ancestor() -> None:
    assert of("Message-ID: <1@x>\nReferences: <0@x> <1@x>\n") == ("0@x",)


def test_a_very_long_list_keeps_the_root_and_the_nearest() -> None:
    found = of("References: " + " ".join(f"<{n}@x>" for n in range(1000)) + "\n")
    assert len(found) == reference.MAX_REFERENCES
    assert (found[0], found[-1]) == ("0@x", "999@x")


def test_an_answer_refers_to_the_ancestors_and_the_message() -> None:
    header = Header.parse(b"Message-ID: <3@x>\r\nReferences: <1@x> <2@x>\r\n\r\n")
    assert reference.for_reply(header) == ("1@x", "2@x", "3@x")
    assert reference.for_reply(Header.parse(b"References: <1@x>\r\n\r\n")) == ("1@x",)
