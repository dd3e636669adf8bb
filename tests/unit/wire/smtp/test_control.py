import pytest

from desktopmail.wire.smtp.control import Data, Help, Noop, Quit, Rset, StartTls, no_argument
from desktopmail.wire.smtp.parameters import CommandError


def test_they_are_written_as_the_rfc_says() -> None:
    written = [each.encode() for each in (Data(), Rset(), Quit(), StartTls(), Noop(), Help("MAIL"))]
    assert written == ["DATA", "RSET", "QUIT", "STARTTLS", "NOOP", "HELP MAIL"]


def test_white_space_at_the_end_is_let_pass_and_words_are_not() -> None:
    no_argument("DATA", " \t ")
    with pytest.raises(CommandError) as caught:
        no_argument("STARTTLS", "now")
    assert str(caught.value.reply) == "501 5.5.4 STARTTLS takes no argument"  # RFC 3207 section 4
