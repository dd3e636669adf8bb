"""LIST and LSUB in all their forms."""

from __future__ import annotations

import pytest

from tests.helpers.imap_dialogue import logged_in


def names(lines: list[str]) -> list[str]:
    return [line.rsplit('"/" ', 1)[-1].strip('"') for line in lines if line.startswith("* L")]


async def test_the_empty_pattern_tells_the_delimiter() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run('LIST "" ""'))[0] == r'* LIST (\Noselect) "/" ""'


async def test_a_new_user_has_the_special_mailboxes() -> None:
    async with logged_in() as dialogue:
        lines = await dialogue.run('LIST "" "*"')
        assert names(lines) == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]
        assert r"* LIST (\HasNoChildren \Sent) " + '"/" Sent' in lines


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('"" "%"', ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash", "Work"]),
        ('"" "Work*"', ["Work", "Work/A", "Work/A/B"]),
        ('"" "Work/%"', ["Work/A"]),
        ('Work/ "*"', ["Work/A", "Work/A/B"]),
        ('"" inbox', ["INBOX"]),
        ('"" "*ork%B"', []),
        ('"" "W%*%**%%"', ["Work", "Work/A", "Work/A/B"]),
    ],
)
async def test_wildcards(pattern: str, expected: list[str]) -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE Work/A/B")
        assert names(await dialogue.run(f"LIST {pattern}")) == expected


async def test_a_deleted_parent_is_nonexistent_and_still_leads_to_its_children() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE A/B")
        await dialogue.run("DELETE A")
        lines = await dialogue.run('LIST "" "A%"')
        assert lines[0] == r'* LIST (\HasChildren \NonExistent \Noselect) "/" A'


async def test_selection_and_return_options() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE New")
        lines = await dialogue.run('LIST (SUBSCRIBED) "" "*"')
        assert "New" not in names(lines)
        assert all(r"\Subscribed" in line for line in lines[:-1])
        lines = await dialogue.run('LIST (SPECIAL-USE) "" "*"')
        assert names(lines) == ["Archive", "Drafts", "Junk", "Sent", "Trash"]
        lines = await dialogue.run('LIST "" (INBOX New) RETURN (SUBSCRIBED CHILDREN)')
        assert lines[0] == r'* LIST (\HasNoChildren \Subscribed) "/" INBOX'
        assert lines[1] == r'* LIST (\HasNoChildren) "/" New'


async def test_status_is_told_with_the_list() -> None:
    async with logged_in() as dialogue:
        lines = await dialogue.run('LIST "" INBOX RETURN (STATUS (MESSAGES UNSEEN))')
        assert lines[1] == "* STATUS INBOX (MESSAGES 0 UNSEEN 0)"


async def test_recursivematch_tells_of_parents_whose_children_match() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE Top/Leaf")
        await dialogue.run("SUBSCRIBE Top/Leaf")
        lines = await dialogue.run('LIST (SUBSCRIBED RECURSIVEMATCH) "" "T%"')
        assert lines[0] == r'* LIST (\HasChildren) "/" Top ("CHILDINFO" ("SUBSCRIBED"))'


async def test_lsub_tells_the_way_to_subscribed_names() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE Top/Leaf")
        await dialogue.run("SUBSCRIBE Top/Leaf")
        assert r'* LSUB (\Noselect) "/" Top' in await dialogue.run('LSUB "" "T%"')
        assert (await dialogue.run('LSUB "" "T*"'))[0] == '* LSUB () "/" Top/Leaf'


async def test_a_name_in_other_letters_comes_back_in_modified_utf7() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run('CREATE "Entw&APw-rfe"'))[-1].startswith("OK")
        assert names(await dialogue.run('LIST "" "Ent*"')) == ["Entw&APw-rfe"]
        await dialogue.run("ENABLE UTF8=ACCEPT")
        lines = await dialogue.run('LIST "" "Ent*"')
        assert lines[0].encode("latin-1").decode().endswith('Entw\u00fcrfe"')


OTHER_LETTERS = (
    "&AOQ-", "&AOQ-b", "a&AOQ-", "a&AOQ-/&AOQ-", "&AOQA9g-", "x&-y", "&-z",
    "&ZeVnLIqe-/&U,BTFw-",
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("&AOQ-*", ["&AOQ-", "&AOQ-b", "&AOQA9g-"]),
        ("&AOQ-%", ["&AOQ-", "&AOQ-b", "&AOQA9g-"]),
        ("%&AOQ-", ["a&AOQ-", "&AOQ-"]),
        ("a&AOQ-/%", ["a&AOQ-/&AOQ-"]),
        ("*&APY-", ["&AOQA9g-"]),
        ("&ZeVnLIqe-/%", ["&ZeVnLIqe-/&U,BTFw-"]),
        ("*&-*", ["&-z", "x&-y"]),
        ("&-*", ["&-z"]),
        # No modified UTF-7: the octets.
        ("&*z", ["&-z"]),
        ("&AO*", ["&AOQ-", "&AOQ-b", "&AOQA9g-"]),
        ("*/&U*", ["&ZeVnLIqe-/&U,BTFw-"]),
        ('"x&y"', []),
        ('"&"', []),
    ],
)
@pytest.mark.parametrize("command", ["LIST", "LSUB"])
async def test_wildcards_beside_other_letters(
    command: str, pattern: str, expected: list[str]
) -> None:
    async with logged_in() as dialogue:
        for name in OTHER_LETTERS:
            await dialogue.run(f'CREATE "{name}"')
            await dialogue.run(f'SUBSCRIBE "{name}"')
        assert names(await dialogue.run(f'{command} "" {pattern}')) == expected


async def test_an_ampersand_is_a_character_as_any_other_in_utf8() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE a&-b")
        await dialogue.run("ENABLE UTF8=ACCEPT")
        assert names(await dialogue.run('LIST "" "*&*"')) == ["a&b"]


async def test_more_patterns_than_any_client_has_are_refused() -> None:
    async with logged_in() as dialogue:
        answer = (await dialogue.run(f'LIST "" ({" ".join(["x"] * 101)})'))[-1]
        assert answer.startswith("NO [LIMIT] A LIST has at most 100 patterns")
        assert names(await dialogue.run(f'LIST "" ({" ".join(["INBOX"] * 100)})')) == ["INBOX"]
