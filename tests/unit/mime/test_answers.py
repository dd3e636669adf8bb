from __future__ import annotations

from dataclasses import replace

from desktopmail.mime import answers
from desktopmail.mime.address import Mailbox
from desktopmail.mime.answers import ForwardLabels
from desktopmail.mime.compose import Draft, File
from desktopmail.mime.message import Message
from tests.unit.mime.test_compose import ANNA, BEN, MIRA, build, read

ORIGINAL = Message.parse(
    b"From: Ben Okafor <ben@sandbox.test>\r\nTo: Anna Weber <anna@sandbox.test>, Mira "
    b"<mira@hof.example>\r\n"
    b"Cc: anna@other.test, Jonas <jonas@hof.example>\r\nSubject: Re: AW: Plan\r\n"
    b"Message-ID: <2@x>\r\nReferences: <1@x>\r\nDate: Mon, 23 Nov 2026 07:00:00 +0000\r\n\r\n"
    b"Hello Anna,\r\n\r\n> old\r\n-- \r\nBen\r\n"
)
OWN = [ANNA, Mailbox("Anna privat", "anna@other.test")]


def test_an_answer_goes_to_the_sender_and_quotes_without_signature() -> None:
    draft = answers.reply(ORIGINAL, own=OWN, date_text="today")
    assert (draft.sender, draft.to, draft.cc) == (ANNA, (BEN,), ())
    assert draft.subject == "Re: Plan"
    assert draft.text == "\n\nOn today, Ben Okafor wrote:\n> Hello Anna,\n>\n>> old\n"
    assert (draft.in_reply_to, draft.references) == ("2@x", ("1@x", "2@x"))


def test_an_answer_to_all_leaves_oneself_out() -> None:
    draft = answers.reply(ORIGINAL, own=OWN, to_all=True)
    assert [box.address for box in draft.to] == ["ben@sandbox.test", "mira@hof.example"]
    assert [box.address for box in draft.cc] == ["jonas@hof.example"]


def test_the_identity_is_the_one_that_was_written_to() -> None:
    assert answers.reply(ORIGINAL, own=[OWN[1]]).sender == OWN[1]
    assert answers.reply(ORIGINAL, own=[Mailbox("", "z@z.test")]).sender.address == "z@z.test"


def test_an_answer_follows_reply_to_and_ones_own_mail_goes_on_to_the_same_people() -> None:
    asked = Message.parse(b"From: a@x.test\r\nReply-To: b@x.test\r\nTo: anna@sandbox.test\r\n\r\nx")
    assert [box.address for box in answers.reply(asked, own=OWN).to] == ["b@x.test"]
    sent = Message.parse(b"From: anna@sandbox.test\r\nTo: ben@sandbox.test\r\n\r\nx")
    assert [box.address for box in answers.reply(sent, own=OWN).to] == ["ben@sandbox.test"]


def test_an_answer_to_the_list_goes_there_alone() -> None:
    octets = b"From: a@x.test\r\nList-Post: <mailto:hof@lists.example?subject=x>\r\n\r\nx"
    draft = answers.reply_to_list(Message.parse(octets), own=OWN)
    assert draft is not None
    assert [box.address for box in draft.to] == ["hof@lists.example"]
    closed = octets.replace(b"<mailto:hof@lists.example?subject=x>", b"NO (announcements)")
    assert answers.reply_to_list(Message.parse(closed), own=OWN) is None


def test_a_rich_answer_quotes_sanitised_html() -> None:
    octets = (
        b"From: a@x.test\r\nContent-Type: text/html\r\n\r\n<p onclick=x>hi<script>x</script></p>"
    )
    draft = answers.reply(Message.parse(octets), own=OWN, rich=True, attribution="{name} <{date}>")
    assert draft.html is not None
    assert '<blockquote type="cite"' in draft.html
    assert "<p>hi</p>" in draft.html
    assert "script" not in draft.html
    assert "a@x.test &lt;&gt;" in draft.html


def test_a_translation_with_a_stray_brace_does_no_harm() -> None:
    assert "{x} Ben" in answers.reply(ORIGINAL, own=OWN, attribution="{x} {name}").text


WITH_FILE = Message.parse(
    build(
        Draft(
            BEN,
            to=(ANNA,),
            subject="Fwd: Plan",
            text="see\n",
            files=(File("ä.pdf", "application/pdf", b"%P"),),
        )
    ).octets
)


def test_an_inline_forward_holds_text_and_files() -> None:
    labels = ForwardLabels(begin="-- weitergeleitet --", from_="Von", subject="Betreff")
    draft = answers.forward_inline(WITH_FILE, own=OWN, labels=labels, date_text="heute")
    assert draft.subject == "Fwd: Plan"
    assert draft.text.startswith("\n\n-- weitergeleitet --\nVon: Ben Okafor <ben@sandbox.test>\n")
    assert "Date: heute\nBetreff: Fwd: Plan\n\nsee\n" in draft.text
    assert draft.files == (File("ä.pdf", "application/pdf", b"%P"),)
    assert draft.to == ()


def test_an_attached_forward_holds_the_exact_messages() -> None:
    draft = answers.forward_attached([ORIGINAL, WITH_FILE], own=OWN)
    assert [file.name for file in draft.files] == ["Re AW Plan.eml", "Fwd Plan.eml"]
    assert [file.octets for file in draft.files] == [ORIGINAL.octets, WITH_FILE.octets]
    back = read(replace(draft, to=(BEN,)))
    enclosed = [part.raw_body for part in back.tree.children[1:]]
    assert enclosed == [ORIGINAL.octets, WITH_FILE.octets]


def test_a_draft_is_gone_on_with() -> None:
    meant = Draft(
        ANNA,
        to=(BEN,),
        bcc=(MIRA,),
        subject="x",
        text="y\n",
        in_reply_to="2@x",
        references=("1@x", "2@x"),
        files=(File("a.txt", "text/plain", b"z"),),
    )
    saved = read(meant, keep_bcc=True)
    assert answers.edit_as_new(saved, own=OWN) == meant


RICH = Message.parse(
    build(
        Draft(
            BEN,
            to=(ANNA,),
            subject="Lake",
            html='<p>Look: <b>blue</b> <img src="cid:l@x" alt="lake">'
            '<img src="https://spy.test/1.gif" alt="dot"></p>',
            files=(
                File("l.png", "image/png", b"P", "l@x"),
                File("plan.pdf", "application/pdf", b"%P"),
            ),
        )
    ).octets
)


def test_a_rich_answer_takes_the_pictures_of_the_message_along_and_no_others() -> None:
    draft = answers.reply(RICH, own=OWN, rich=True)
    assert draft.html is not None
    assert "<b>blue</b>" in draft.html
    assert 'src="cid:l@x"' in draft.html
    assert "spy.test" not in draft.html
    assert "dot" in draft.html
    assert draft.files == (File("l.png", "image/png", b"P", "l@x"),)


def test_a_rich_forward_holds_pictures_and_attachments() -> None:
    draft = answers.forward_inline(RICH, own=OWN, rich=True)
    assert draft.html is not None
    assert "spy.test" not in draft.html
    assert [file.name for file in draft.files] == ["l.png", "plan.pdf"]
    back = read(replace(draft, to=(BEN,)))
    assert [one.content_id for one in back.attachments] == ["l@x", ""]


def test_a_message_without_html_is_answered_as_plain_text() -> None:
    assert answers.reply(ORIGINAL, own=OWN, rich=True).html is None
    assert answers.forward_inline(ORIGINAL, own=OWN, rich=True).html is None


def test_a_rich_draft_is_gone_on_with() -> None:
    draft = answers.edit_as_new(RICH)
    assert draft.html is not None
    assert "https://spy.test/1.gif" in draft.html
    assert [file.content_id for file in draft.files] == ["l@x", ""]


def test_a_table_of_the_message_is_quoted_like_its_words() -> None:
    octets = (
        b"From: a@x.test\r\nContent-Type: text/html\r\n\r\n<p><img src='http://x.test/i'> hi</p>"
        b"<table><tr><td>1<td>2<tr><td>3<td>4</table><p>end</p>"
    )
    draft = answers.reply(Message.parse(octets), own=OWN, rich=True)
    assert draft.html is not None
    assert draft.html.count("<blockquote") == 1
    assert "<p>hi</p><table" in draft.html
    assert draft.html.index("</blockquote>") > draft.html.index("</table>")


BOOK = Message.parse(
    b"From: Ben Okafor <ben@sandbox.test>\r\nTo: Anna Weber <anna@sandbox.test>\r\n"
    b"Subject: Log\r\nMessage-ID: <9@x>\r\n\r\n" + b"A line of a very long log.\r\n" * 20_000
)


def test_of_a_text_as_long_as_a_book_an_answer_quotes_the_begin() -> None:
    draft = answers.reply(BOOK, own=OWN, date_text="today")
    assert len(draft.text) < answers.MAX_QUOTED * 1.2
    assert draft.text.endswith("> A line of a very long log.\n> […]\n")


def test_a_forward_of_a_text_as_long_as_a_book_loses_nothing_of_it() -> None:
    draft = answers.forward_inline(BOOK, own=OWN)
    assert [(it.media_type, it.octets) for it in draft.files] == [("message/rfc822", BOOK.octets)]
    assert draft.subject == "Fwd: Log"
