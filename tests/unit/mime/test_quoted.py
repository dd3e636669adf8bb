"""Messages quoted with their layout, below an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from desktopmail.mime import answers, compose, quoted
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File
from desktopmail.mime.message import Message
from desktopmail.mime.quoted import Quoted

ANNA, SHOP = Mailbox("Anna", "anna@sandbox.test"), Mailbox("Shop", "news@shop.test")
LAYOUT = (
    "<html><head><style>.a{background-color:#fde}</style></head><body bgcolor='#eeeeee'>"
    "<table width=600><tr><td class=a><table><tr><td><img src='cid:logo@shop.test' alt=Logo>"
    "<td><b>Quinces</b> &amp; pears</table><tr><td><img src='https://spy.test/o.gif' width=1>"
    "<img src='https://shop.test/q.jpg' alt='A &quot;quince&quot; > all' width=200>"
    "<a href='https://shop.test/q'>Buy</a><script>alert(1)</script></table></body></html>"
)
NEWS = Draft(
    SHOP,
    to=(ANNA,),
    subject="News",
    text="Quinces and pears.\n",
    html=LAYOUT,
    files=(File("logo.png", "image/png", b"\x89PNG", "logo@shop.test"),),
)


def octets(draft: Draft, *, unfinished: bool = False) -> bytes:
    return compose.build(
        draft,
        date=datetime(2026, 11, 26, tzinfo=UTC),
        message_id="1@sandbox.test",
        boundary="b",
        unfinished=unfinished,
        keep_bcc=unfinished,
    ).octets


NEWSLETTER = Message.parse(octets(NEWS))


def reply(message: Message = NEWSLETTER) -> Draft:
    return answers.reply(message, own=[ANNA], rich=True, keep_layout=True)


def foreign(draft: Draft) -> EmailMessage:
    read = message_from_bytes(octets(draft), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_an_answer_keeps_the_layout_below_what_is_written() -> None:
    draft = reply()
    assert draft.html is None
    assert draft.text == ""
    assert draft.quoted is not None
    read = foreign(replace(draft, text="No, thanks.\n\n-- \nAnna\n"))
    html = read.get_body(("html",))
    assert html is not None
    source = html.get_content()
    assert source.index("No, thanks.") < source.index('<blockquote type="cite"')
    assert source.index("wrote:") < source.index("<blockquote")
    assert "background-color" in source
    assert "#fde" in source
    assert source.count("<table") == 2
    assert 'href="https://shop.test/q"' in source
    assert source.count("</body>") == 1


def test_its_own_pictures_go_along_and_nothing_of_the_web_does() -> None:
    read = foreign(replace(reply(), text="x"))
    html = read.get_body(("related", "html"))
    assert html is not None
    assert html.get_content_type() == "multipart/related"
    source, picture = html.iter_parts()
    assert 'src="cid:logo@shop.test"' in source.get_content()
    assert picture["content-id"] == "<logo@shop.test>"
    assert picture.get_content() == b"\x89PNG"
    assert "spy.test" not in source.get_content()
    assert "q.jpg" not in source.get_content()
    assert "data-remote" not in source.get_content()
    assert 'A "quince" > all' in source.get_content().replace("&quot;", '"').replace("&gt;", ">")
    assert "alert" not in source.get_content()


def test_the_plain_alternative_quotes_the_text_above_the_signature() -> None:
    plain = foreign(replace(reply(), text="No, thanks.\n\n-- \nAnna\n")).get_body(("plain",))
    assert plain is not None
    assert [line.rstrip() for line in plain.get_content().split("\n")] == [
        "No, thanks.",
        "",
        "On , Shop wrote:",
        "> Quinces and pears.",
        "",
        "--",
        "Anna",
        "",
    ]


def test_a_forward_has_no_block_quote_and_takes_every_file_along() -> None:
    pdf = File("list.pdf", "application/pdf", b"%PDF")
    message = Message.parse(octets(replace(NEWS, files=(*NEWS.files, pdf))))
    draft = answers.forward_inline(message, own=[ANNA], rich=True, keep_layout=True)
    assert draft.quoted is not None
    assert "<blockquote" not in draft.quoted.html
    assert "Subject: News" in draft.quoted.html
    assert "Subject: News" in draft.quoted.text
    assert [(file.name, file.content_id) for file in draft.files] == [
        ("logo.png", "logo@shop.test"),
        ("list.pdf", ""),
    ]


@pytest.mark.parametrize("html", [None, "<p>My <b>own</b> words</p>"])
def test_a_draft_kept_at_the_server_is_gone_on_with(html: str | None) -> None:
    draft = replace(reply(), text="My own words\n", html=html)
    again = answers.edit_as_new(Message.parse(octets(draft, unfinished=True)), own=[ANNA])
    assert again.quoted is not None
    assert draft.quoted is not None
    assert again.text.strip() == "My own words"
    assert "Quinces" not in (again.html or "")
    assert again.quoted.html == draft.quoted.html.replace("&quot;", '"')
    assert again.files == draft.files
    third = answers.edit_as_new(Message.parse(octets(again, unfinished=True)), own=[ANNA])
    assert third.quoted == again.quoted


def test_words_behind_the_quote_are_nobodys_to_lose() -> None:
    source = b'Content-Type: text/html\r\n\r\n<div class="desktopmail-quoted">a</div><p>b</p>'
    draft = answers.edit_as_new(Message.parse(source))
    assert draft.quoted is None
    assert "b" in draft.text


def test_what_a_stranger_marks_as_quoted_is_made_harmless() -> None:
    source = (
        "From: a@x.test\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>"
        '<div class="desktopmail-quoted"><img src=x onerror=alert(1)><b>bold</b></div>'
    )
    draft = answers.edit_as_new(Message.parse(source.encode()))
    assert draft.quoted is not None
    assert "onerror" not in draft.quoted.html
    assert "<b>bold</b>" in draft.quoted.html


@pytest.mark.parametrize(
    ("html", "is_laid_out"),
    [
        ("<p>Hello <b>you</b></p><ul><li>one</ul>", False),
        ("<table><tr><td>1<td>2</table>", False),
        ('<div style="background: white; color: black">x</div>', False),
        ('<div style="background-color:#FFFFFF">x</div>', False),
        ("<table><tr><td><table><tr><td>x</table></table>", True),
        ("<table><tr><td bgcolor=red>x</table>", True),
        ("<table><tr><td bgcolor='#ffffff'>x</table>", False),
        ('<p style="background:#ffe">x</p>', True),
        ('<div style="float: left">x</div>', True),
        ('<div style="display:flex">x</div>', True),
    ],
)
def test_layout_is_what_an_editor_would_lose(html: str, is_laid_out: bool) -> None:
    assert quoted.has_layout(html) is is_laid_out


def test_ordinary_html_goes_through_the_editor_as_ever() -> None:
    plain = Message.parse(octets(replace(NEWS, html="<p>Hello <b>Anna</b></p>", files=())))
    draft = reply(plain)
    assert draft.quoted is None
    assert draft.html is not None
    assert "<b>Anna</b>" in draft.html


def test_what_is_too_long_for_the_editor_is_kept_as_it_is() -> None:
    long = Message.parse(octets(replace(NEWS, html="<p>word</p>" * 40_000, files=())))
    draft = reply(long)
    assert draft.quoted is not None


def test_without_words_of_ones_own_the_quote_stands_alone() -> None:
    one = Quoted("<div>x</div>", "> x\n")
    assert one.below_text("") == "> x\n"
    assert one.below_text("\n-- \nAnna\n") == "> x\n\n-- \nAnna\n"
    assert one.below_html("<p>y", "") == "<p>y<div>x</div>"
