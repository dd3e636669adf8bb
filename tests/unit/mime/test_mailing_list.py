from __future__ import annotations

from desktopmail.mime import mailing_list
from desktopmail.mime.header import Header
from desktopmail.mime.mailing_list import MailingList


def of(text: str) -> MailingList | None:
    return mailing_list.of(Header.parse(text.replace("\n", "\r\n").encode() + b"\r\n"))


def test_the_example_of_rfc_8058_section_8_1_is_one_click() -> None:
    found = of(
        "List-Unsubscribe: <mailto:listrequest@example.com?subject=unsubscribe>,\n"
        " <https://example.com/unsubscribe.html?opaque=123456789>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
    )
    assert found is not None
    assert found.one_click == "https://example.com/unsubscribe.html?opaque=123456789"
    assert found.leave_mail == "mailto:listrequest@example.com?subject=unsubscribe"
    assert found.leave_page == found.one_click


def test_one_click_needs_both_fields_and_https() -> None:
    post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
    for text in (
        "List-Unsubscribe: <https://example.com/u>\n",
        "List-Unsubscribe: <http://example.com/u>\n" + post,
        "List-Unsubscribe: <mailto:u@example.com>\n" + post,
        "List-Unsubscribe: <https:///u>\n" + post,
    ):
        found = of(text)
        assert found is not None
        assert found.one_click == ""


def test_a_list_says_who_it_is_and_where_to_write() -> None:
    found = of(
        "List-Id: =?utf-8?q?Caf=C3=A9?= list <cafe.lists.example>\n"
        "List-Post: <mailto:cafe@lists.\n example>\n"
        "List-Archive: <https://lists.example/cafe>\nList-Help: (see) <mailto:help@lists.example>\n"
    )
    assert found == MailingList(
        id="cafe.lists.example",
        name="Café list",
        post="cafe@lists.example",
        one_click="",
        leave_mail="",
        leave_page="",
        archive="https://lists.example/cafe",
        help="mailto:help@lists.example",
        owner="",
    )


def test_an_announcement_list_takes_no_posts() -> None:
    found = of("List-Id: <a.b>\nList-Post: NO (posting not allowed)\n")
    assert found is not None
    assert found.post == ""


def test_ordinary_mail_came_by_no_list() -> None:
    assert of("From: a@b.test\n") is None


def test_only_pages_and_addresses_are_places_to_go() -> None:
    found = of(
        "List-Id: <x.test>\nList-Archive: <javascript:alert(1)>, <https://x.test/a>\n"
        "List-Help: <file:///etc/passwd>\nList-Owner: <mailto:owner@x.test?subject=hi>\n"
    )
    assert found is not None
    assert (found.archive, found.help) == ("https://x.test/a", "")
    assert found.owner == "mailto:owner@x.test?subject=hi"
