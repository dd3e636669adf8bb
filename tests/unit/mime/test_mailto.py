from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import mailto
from desktopmail.mime.address import Mailbox


@pytest.mark.parametrize(
    ("url", "to", "subject", "text"),
    [
        # RFC 6068 section 6.
        ("mailto:chris@example.com", ["chris@example.com"], "", ""),
        (
            ("mailto:infobot@example.com?subject=current-issue"),
            ["infobot@example.com"],
            "current-issue",
            "",
        ),
        (
            ("mailto:infobot@example.com?body=send%20current-issue"),
            ["infobot@example.com"],
            "",
            "send current-issue",
        ),
        (
            "mailto:infobot@example.com?body=send%20current-issue%0D%0Asend%20index",
            ["infobot@example.com"],
            "",
            "send current-issue\nsend index",
        ),
        (
            ("mailto:?to=joe@example.com&cc=bob@example.com&body=hello"),
            ["joe@example.com"],
            "",
            "hello",
        ),
        ("mailto:gorby%25kremvax@example.com", ["gorby%kremvax@example.com"], "", ""),
        (
            ("mailto:addr1@an.example,addr2@an.example"),
            ["addr1@an.example", "addr2@an.example"],
            "",
            "",
        ),
        ("mailto:user@example.org?subject=caf%C3%A9", ["user@example.org"], "café", ""),
        ("MAILTO:a@b.test?SUBJECT=x", ["a@b.test"], "x", ""),
        ("mailto:", [], "", ""),
    ],
)
def test_the_examples_of_rfc_6068(url: str, to: list[str], subject: str, text: str) -> None:
    draft = mailto.parse(url)
    assert draft is not None
    assert [box.address for box in draft.to] == to
    assert (draft.subject, draft.text) == (subject, text)


def test_an_answer_by_link_has_its_parent() -> None:
    draft = mailto.parse("mailto:list@example.org?In-Reply-To=%3C3469A91.D10AF4C@example.com%3E")
    assert draft is not None
    assert (draft.in_reply_to, draft.references) == (
        "3469A91.D10AF4C@example.com",
        ("3469A91.D10AF4C@example.com",),
    )


def test_a_link_can_neither_hide_recipients_nor_attach_files_nor_set_fields() -> None:
    draft = mailto.parse(
        "mailto:a@b.test?bcc=evil@x.test&attach=/etc/passwd&from=x@y.test&subject=a%0D%0ABcc:%20"
        "evil@x.test",
        Mailbox("Anna", "anna@sandbox.test"),
    )
    assert draft is not None
    assert (draft.bcc, draft.files, draft.fields) == ((), (), ())
    assert draft.sender.address == "anna@sandbox.test"
    assert draft.subject == "a Bcc: evil@x.test"


def test_another_link_is_none() -> None:
    assert mailto.parse("https://example.org") is None
    assert mailto.parse("mailto:" + "x" * 100_000) is None


@given(st.text(max_size=200))
def test_no_link_makes_it_raise(text: str) -> None:
    assert mailto.parse(f"mailto:{text}") is not None
