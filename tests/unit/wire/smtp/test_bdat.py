import pytest

from desktopmail.wire.smtp.bdat import Bdat, parse_bdat
from desktopmail.wire.smtp.parameters import CommandError


@pytest.mark.parametrize(
    ("argument", "bdat"),
    [
        ("86 LAST", Bdat(86, last=True)),
        ("1000000", Bdat(1_000_000)),
        ("0 last", Bdat(0, last=True)),
    ],
)
def test_the_examples_of_rfc_3030_section_4(argument: str, bdat: Bdat) -> None:
    assert parse_bdat(argument) == bdat
    assert parse_bdat(bdat.encode().removeprefix("BDAT ")) == bdat


@pytest.mark.parametrize(
    "argument", ["", "LAST", "-1", "1e3", "10 LASTS", "10  LAST", "1" * 21, "\uff10"]
)
def test_malformed_sizes_are_refused(argument: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_bdat(argument)
    assert caught.value.reply.code == 501
