import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient, Rcpt, parse_rcpt

BOB = Mailbox("Bob", "Example.COM")


@pytest.mark.parametrize(
    ("argument", "rcpt"),
    [
        ("TO:<Bob@Example.COM>", Rcpt(BOB)),
        ("to: <Bob@Example.COM>", Rcpt(BOB)),
        ("TO:<Postmaster>", Rcpt(Mailbox("Postmaster", ""))),
        ("TO:<@hosta.int,@jkl.org:Bob@Example.COM>", Rcpt(BOB)),
        # RFC 3461 section 10.1
        (
            "TO:<Bob@Example.COM> NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM",
            Rcpt(BOB, frozenset({Notify.SUCCESS}), OriginalRecipient("rfc822", "Bob@Example.COM")),
        ),
        ("TO:<Bob@Example.COM> NOTIFY=never", Rcpt(BOB, frozenset({Notify.NEVER}))),
        (
            "TO:<Bob@Example.COM> NOTIFY=FAILURE,DELAY ORCPT=rfc822;George+20x@Tax-ME.example",
            Rcpt(
                BOB,
                frozenset({Notify.FAILURE, Notify.DELAY}),
                OriginalRecipient("rfc822", "George x@Tax-ME.example"),
            ),
        ),
        (
            "TO:<Bob@Example.COM> ORCPT=utf-8;jürgen@bücher.example",
            Rcpt(BOB, orcpt=OriginalRecipient("utf-8", "jürgen@bücher.example")),
        ),
    ],
)
def test_examples_are_read_and_come_back(argument: str, rcpt: Rcpt) -> None:
    assert parse_rcpt(argument) == rcpt
    assert parse_rcpt(rcpt.encode().removeprefix("RCPT ")) == rcpt


@pytest.mark.parametrize(
    ("argument", "code", "enhanced"),
    [
        ("", 501, "5.5.4"),
        ("TO:<>", 501, "5.1.3"),
        ("TO:bob@example.com", 501, "5.1.3"),
        ("TO:<bob@example.com> NOTIFY=NEVER,SUCCESS", 501, "5.5.4"),
        ("TO:<bob@example.com> NOTIFY=SUCCESS,SUCCESS", 501, "5.5.4"),
        ("TO:<bob@example.com> NOTIFY=", 501, "5.5.4"),
        ("TO:<bob@example.com> NOTIFY", 501, "5.5.4"),
        ("TO:<bob@example.com> ORCPT=rfc822", 501, "5.5.4"),
        ("TO:<bob@example.com> ORCPT=rfc822;a+0A", 501, "5.5.4"),
        (f"TO:<bob@example.com> ORCPT=rfc822;{'x' * 500}", 501, "5.5.4"),
        ("TO:<bob@example.com> SIZE=4", 555, "5.5.4"),
    ],
)
def test_malformed_commands_are_refused(argument: str, code: int, enhanced: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_rcpt(argument)
    assert caught.value.reply.code == code
    assert str(caught.value.reply.enhanced) == enhanced


@given(st.text(max_size=80))
def test_any_text_raises_nothing_but_command_errors(text: str) -> None:
    for argument in (text, f"TO:{text}", f"TO:<a@b.example> {text}"):
        try:
            assert isinstance(parse_rcpt(argument), Rcpt)
        except CommandError as error:
            refusal = error.reply.code
        else:
            refusal = 501
        assert refusal in {501, 555}
