import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.mail import Body, Mail, Ret, parse_mail
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.path import Mailbox

NED = Mailbox("ned", "thor.innosoft.example")


@pytest.mark.parametrize(
    ("argument", "mail"),
    [
        ("FROM:<>", Mail(None)),
        ("from:<Smith@bar.com>", Mail(Mailbox("Smith", "bar.com"))),
        ("FROM: <Smith@bar.com>", Mail(Mailbox("Smith", "bar.com"))),  # what clients send
        ("FROM:<ned@thor.innosoft.example> SIZE=500000", Mail(NED, size=500000)),  # RFC 1870
        ("FROM:<ned@thor.innosoft.example> BODY=8bitmime", Mail(NED, body=Body.EIGHT_BIT)),
        ("FROM:<ned@thor.innosoft.example> BODY=BINARYMIME", Mail(NED, body=Body.BINARY)),
        # RFC 3461 section 10.1
        (
            "FROM:<ned@thor.innosoft.example> RET=HDRS ENVID=QQ314159",
            Mail(NED, ret=Ret.HEADERS, envid="QQ314159"),
        ),
        # RFC 4954 section 5
        (
            "FROM:<ned@thor.innosoft.example> AUTH=e+3Dmc2@example.com",
            Mail(NED, auth="e=mc2@example.com"),
        ),
        ("FROM:<ned@thor.innosoft.example> AUTH=<>", Mail(NED, auth="<>")),
        ("FROM:<ned@thor.innosoft.example> REQUIRETLS", Mail(NED, requiretls=True)),  # RFC 8689
        (
            "FROM:<jürgen@bücher.example> SMTPUTF8",
            Mail(Mailbox("jürgen", "bücher.example"), smtputf8=True),
        ),
        ('FROM:<"a b>c"@x.example> SIZE=1', Mail(Mailbox("a b>c", "x.example"), size=1)),
        (r'FROM:<"a\" b>\\"@x.example> SIZE=1', Mail(Mailbox('a" b>\\', "x.example"), size=1)),
    ],
)
def test_examples_are_read_and_come_back(argument: str, mail: Mail) -> None:
    assert parse_mail(argument) == mail
    assert parse_mail(mail.encode().removeprefix("MAIL ")) == mail


@pytest.mark.parametrize(
    ("argument", "code", "enhanced"),
    [
        ("", 501, "5.5.4"),
        ("<a@b.example>", 501, "5.5.4"),
        ("FROM a@b.example", 501, "5.5.4"),
        ("FROM:a@b.example", 501, "5.1.7"),
        ("FROM:<a@b.example", 501, "5.1.7"),
        ("FROM:<a>", 501, "5.1.7"),
        ("FROM:<a@b.example> SIZE=x", 501, "5.5.4"),
        ("FROM:<a@b.example> SIZE", 501, "5.5.4"),
        ("FROM:<a@b.example> BODY=9BIT", 501, "5.5.4"),
        ("FROM:<a@b.example> RET=ALL", 501, "5.5.4"),
        ("FROM:<a@b.example> ENVID=", 501, "5.5.4"),
        (f"FROM:<a@b.example> ENVID={'x' * 101}", 501, "5.5.4"),
        ("FROM:<a@b.example> ENVID=a+0D", 501, "5.5.4"),
        ("FROM:<a@b.example> SMTPUTF8=yes", 501, "5.5.4"),
        ("FROM:<a@b.example> AUTH", 501, "5.5.4"),
        ("FROM:<a@b.example> XSTRANGE=1", 555, "5.5.4"),
    ],
)
def test_malformed_commands_are_refused(argument: str, code: int, enhanced: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_mail(argument)
    assert caught.value.reply.code == code
    assert str(caught.value.reply.enhanced) == enhanced


@given(st.text(max_size=80))
def test_any_text_raises_nothing_but_command_errors(text: str) -> None:
    for argument in (text, f"FROM:{text}", f"FROM:<a@b.example> {text}"):
        try:
            assert isinstance(parse_mail(argument), Mail)
        except CommandError as error:
            refusal = error.reply.code
        else:
            refusal = 501
        assert refusal in {501, 555}
