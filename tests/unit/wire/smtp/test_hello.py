import pytest

from desktopmail.wire.smtp.hello import Hello, parse_hello
from desktopmail.wire.smtp.parameters import CommandError


@pytest.mark.parametrize(
    "name", ["bar.com", "[192.0.2.1]", "[IPv6:::1]", "my_pc", "ünicode.example"]
)
def test_names_and_literals_are_taken(name: str) -> None:
    assert parse_hello("EHLO", f" {name} ") == Hello("EHLO", name)
    assert parse_hello("HELO", name).encode() == f"HELO {name}"


@pytest.mark.parametrize("argument", ["", " ", "two words", "a\tb", "x" * 256])
def test_nothing_and_more_than_a_word_are_refused(argument: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_hello("EHLO", argument)
    assert caught.value.reply.code == 501


def test_only_helo_knows_no_extensions() -> None:
    assert Hello("EHLO", "a").extended
    assert Hello("LHLO", "a").extended
    assert not Hello("HELO", "a").extended
