"""CREATE: parents, special uses, and names nobody may have."""

from __future__ import annotations

import pytest

from tests.helpers.imap_dialogue import logged_in


async def test_missing_parents_are_made_too() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("CREATE a/b/c"))[-1].startswith("OK [MAILBOXID (")
        assert len(await dialogue.run('LIST "" "a*"')) == 4


async def test_a_delimiter_at_the_end_is_cut() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("CREATE owner/"))[-1].startswith("OK")
        assert (await dialogue.run("CREATE owner"))[-1].startswith("NO [ALREADYEXISTS]")


@pytest.mark.parametrize(
    "name",
    [
        "INBOX", "inbox", '""', '"a//b"', '"../../etc"', '"a/./b"', '"a*"', '"a%"', '"/"',
        '"tab\there"', "x" * 1001, "/".join("y" * 101), "{3+}\r\na\0b", "a&b", "a&AB",
        "&Jjo!",
    ],
)  # fmt: skip
async def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run(f"CREATE {name}"))[-1].split()[0] in {"NO", "BAD"}
        assert len(await dialogue.run('LIST "" "*"')) == 7


async def test_ten_thousand_levels_are_refused_in_no_time() -> None:
    async with logged_in() as dialogue:
        answer = (await dialogue.run("CREATE " + "/".join("z" * 10_000)))[-1]
        assert answer.startswith("NO [CANNOT]")


async def test_a_special_use_is_given_and_moves_to_the_newest() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run(r"CREATE Outbox (USE (\Sent))"))[-1].startswith("OK")
        lines = await dialogue.run('LIST (SPECIAL-USE) "" "*"')
        sent = [line for line in lines if r"\Sent" in line]
        assert len(sent) == 1
        assert sent[0].endswith("Outbox")
        assert (await dialogue.run(r"CREATE Odd (USE (\Odd))"))[-1].startswith("NO [USEATTR]")
