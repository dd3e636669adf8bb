from pathlib import Path

import pytest

from localserver.cli.plain import read_options
from localserver.cli.serve import serve


def test_options_are_read_in_both_ways_of_writing() -> None:
    given = ["--data", "folder", "--imap=0", "--api=-1", "--memory", "--domain", "mail.test"]
    assert read_options(serve, given) == {
        "data": Path("folder"), "imap": 0, "api": -1, "memory": True, "domain": "mail.test",
    }  # fmt: skip


def test_a_repeated_option_gathers_its_values() -> None:
    given = ["--user=alice:a=b", "--user", "bob:secret", "--ready-file=ready.json"]
    assert read_options(serve, given) == {
        "user": ["alice:a=b", "bob:secret"], "ready_file": Path("ready.json"),
    }  # fmt: skip


def test_a_port_that_is_not_served_is_plain_in_both_ways_of_writing() -> None:
    given = ["--pop3", "-1", "--pop3s=-1", "--memory"]
    assert read_options(serve, given) == {"pop3": -1, "pop3s": -1, "memory": True}


def test_nothing_is_plain_too() -> None:
    assert read_options(serve, []) == {}


@pytest.mark.parametrize(
    "given",
    [
        ["--help"],
        ["--imap", "zero"],
        ["--imap"],
        ["--imap", "-x"],
        ["--domain", "-1"],
        ["--imap=1", "--imap=2"],
        ["--data="],
        ["--data", "--memory"],
        ["--memory=yes"],
        ["--unknown=1"],
        ["--ready_file=x"],
        ["--return=1"],
        ["folder"],
        ["--"],
        ["-v"],
    ],
)
def test_what_is_not_plain_is_left_to_the_other_reader(given: list[str]) -> None:
    assert read_options(serve, given) is None
