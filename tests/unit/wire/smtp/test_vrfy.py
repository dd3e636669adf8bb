import pytest

from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.vrfy import Expn, Vrfy, parse_expn, parse_vrfy


def test_the_examples_of_rfc_5321_appendix_d_and_rfc_6531() -> None:
    assert parse_vrfy("Crispin") == Vrfy("Crispin")
    assert parse_vrfy("jürgen SMTPUTF8") == Vrfy("jürgen", smtputf8=True)
    assert parse_expn("Example-People") == Expn("Example-People")
    assert Vrfy("jürgen", smtputf8=True).encode() == "VRFY jürgen SMTPUTF8"
    assert Expn("a").encode() == "EXPN a"


def test_an_argument_is_needed() -> None:
    for parse in (parse_vrfy, parse_expn):
        with pytest.raises(CommandError):
            parse("  ")
