"""What a list tells of each message: whom it is with, and, of several mailboxes, where it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli import listing
from desktopmail.cli.context import Context
from desktopmail.cli.output import Output
from desktopmail.door.rows import Kind, Role, View
from desktopmail.engine.store import mailbox
from tests.helpers.store import add_account, inbox_of, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction

_MAIL = b"From: ann@example.org\r\nTo: Ben Okafor <ben@example.org>\r\n\r\nHello.\r\n"


def _filled(tx: Transaction) -> None:
    for name in ("home", "work"):
        account_id = add_account(tx, name, Kind.POP3)
        put(tx, inbox_of(tx, account_id), [_MAIL])
        sent = mailbox.find_role(tx, account_id, Role.SENT)
        assert sent is not None
        put(tx, sent.id, [_MAIL])


async def listed(
    folder: Path, capsys: pytest.CaptureFixture[str], named: str, account: str | None
) -> list[list[str]]:
    async with open_store(folder) as store:
        await store.write(partial(_filled))
        context = Context(folder, Output(as_json=False))
        boxes = context.mailboxes(named, account)
        view = View(mailbox_ids=tuple(box.id for box in boxes))
        listing.show(context, context.reader().window(view, 0, 9), boxes, "Nothing.")
        await context.aclose()
    return [line.split() for line in capsys.readouterr().out.splitlines()]


async def test_a_list_of_several_accounts_tells_whose_each_message_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heading, *rows = await listed(tmp_path, capsys, "inbox", None)
    assert heading[-2:] == ["MAILBOX", "ACCOUNT"]
    assert sorted(row[-2:] for row in rows) == [["INBOX", "home"], ["INBOX", "work"]]
    assert all("(no subject)" in " ".join(row) for row in rows)


@pytest.mark.parametrize(("limit", "as_json"), [(1, False), (2, False), (1, True)])
async def test_a_list_that_is_cut_says_so_to_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: int, as_json: bool
) -> None:
    async with open_store(tmp_path) as store:
        await store.write(partial(_filled))
        context = Context(tmp_path, Output(as_json=as_json))
        boxes = context.mailboxes("inbox", None)
        view = View(mailbox_ids=tuple(box.id for box in boxes))
        rows, more = listing.read(context, view, limit)
        assert (len(rows), more) == (limit, limit == 1)
        if more:
            listing.tell_more(context, limit)
        await context.aclose()
    said = capsys.readouterr().err
    is_said = limit == 1 and not as_json
    assert said == ("More than 1 are there: --limit lists more of them.\n" if is_said else "")


async def test_a_list_of_one_mailbox_does_not_say_again_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heading, row = await listed(tmp_path, capsys, "inbox", "home")
    assert heading == ["ID", "DATE", "FROM", "SUBJECT", "SIZE"]
    assert "ann@example.org" in row


async def test_what_one_sent_is_listed_by_whom_it_went_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heading, row = await listed(tmp_path, capsys, "sent", "home")
    assert heading == ["ID", "DATE", "TO", "SUBJECT", "SIZE"]
    assert "Okafor" in row
