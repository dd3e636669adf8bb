"""Which message is meant, and what a flag or a tag may be called."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli import messages
from desktopmail.cli.context import Context
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.output import Output
from desktopmail.door.rows import Flag, Kind
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


def _with_mail(name: str, kind: Kind, tx: Transaction) -> None:
    put(tx, inbox_of(tx, add_account(tx, name, kind)), [mail(1)])


async def test_a_message_in_two_accounts_is_told_apart_by_the_account(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for name, kind in (("work", Kind.IMAP), ("home", Kind.POP3)):
            await store.write(partial(_with_mail, name, kind))
        context = Context(tmp_path, Output(as_json=False))
        given = argparse.Namespace(ids=[1], source="INBOX", from_account=None)
        with pytest.raises(
            CommandError, match=r"INBOX of home and INBOX of work; .*--from-account"
        ):
            messages._rows(context, given, every=False)
        given.from_account = "home"
        (row,) = messages._rows(context, given, every=False)
        assert row.account_id == context.account("home").id
        given.source = "Trash"
        with pytest.raises(CommandError, match="Message 1 is not in Trash of the account home"):
            messages._rows(context, given, every=False)
        await context.aclose()


def test_a_flag_may_be_written_as_in_imap() -> None:
    assert messages._mask(["\\Seen", "FLAGGED"]) == Flag.SEEN | Flag.FLAGGED
    assert messages._tags(["\\Seen", "work", "Prüfung 2"]) == ("work", "Prüfung 2")


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "a\r\nX LOGOUT", "\\Recent", "nul\0"])
def test_what_cannot_be_a_tag_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a tag"):
        messages._tags([name])


@pytest.mark.parametrize("name", ["deleted", "\\Deleted", "DELETED"])
def test_a_message_is_not_deleted_by_a_flag(name: str) -> None:
    with pytest.raises(UsageError, match="desktopmail delete"):
        messages._tags([name])


async def test_an_empty_tag_is_refused_and_tags_nothing(tmp_path: Path) -> None:
    given = argparse.Namespace(ids=[1], add=[""], remove=[], source=None, from_account=None)
    with pytest.raises(UsageError, match="cannot be a tag"):
        await messages._tag(Context(tmp_path, Output(as_json=False)), given)
