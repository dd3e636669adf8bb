"""Each mailbox of an account has a place of its own in the folder it is exported to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.commands import ExportMessages, MoveMessages
from desktopmail.door.ids import AccountId, MailboxId
from desktopmail.door.interface import DoorError
from desktopmail.door.policy import Policy
from desktopmail.door.rows import Role
from desktopmail.engine.files import layout, maildir, mbox
from desktopmail.engine.store.mailbox import Mailbox
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path("/out")


def box(number: int, path: str, delimiter: str = "/", role: Role = Role.NONE) -> Mailbox:
    return Mailbox(
        MailboxId(number), AccountId(1), path, delimiter, role, True, False, None, None, None,
        True, 0, Policy(), False, True, False, None, None,
    )  # fmt: skip


def names(boxes: Iterable[Mailbox], form: str) -> list[str]:
    found = layout.places(FOLDER, boxes, form).values()
    return [str(place.relative_to(FOLDER)) for place in found]


BOXES = (
    box(1, "INBOX", role=Role.INBOX),
    box(2, "Projects/Garden"),
    box(3, "Entwürfe"),
    box(4, "v1.2"),
)


def test_a_maildir_has_the_others_in_folders_of_its_own() -> None:
    assert names(BOXES, "maildir") == [".", ".Projects.Garden", ".Entw&APw-rfe", ".v1_2"]


def test_of_mbox_and_eml_a_tree_has_a_file_or_a_folder_for_each() -> None:
    assert names(BOXES, "eml") == ["INBOX", "Projects/Garden", "Entwürfe", "v1.2"]
    assert names(BOXES, "mbox") == [
        "INBOX.mbox", "Projects/Garden.mbox", "Entwürfe.mbox", "v1.2.mbox",
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["mbox", "maildir", "eml"])
def test_names_that_fall_together_are_told_apart(form: str) -> None:
    boxes = [box(1, "a:b"), box(2, "a?b"), box(3, "A:B"), box(4, "x" * 300), box(5, "x" * 301)]
    assert len({name.casefold() for name in names(boxes, form)}) == len(boxes)


@given(
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=5),
    st.sampled_from(["mbox", "maildir", "eml"]),
    st.sampled_from(["/", ".", ""]),
)
def test_no_name_leads_out_of_the_folder(paths: list[str], form: str, delimiter: str) -> None:
    boxes = [box(number, path, delimiter) for number, path in enumerate(paths)]
    found = names(boxes, form)
    assert len({name.casefold() for name in found}) == len(boxes)
    for name in found:
        assert not {"", ".", ".."} & set(name.split("/"))
        assert all(len(part.encode()) <= 255 for part in name.split("/"))
        assert "\0" not in name


@pytest.mark.parametrize("form", ["mbox", "maildir"])
async def test_all_of_an_account_is_written(form: str, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path / "profile") as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id, headers_only=True)
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Archive")
                )
            )
            await bench.sync(account_id, headers_only=True)
            path = tmp_path / "out"
            command = ExportMessages(account_id=account_id, form=form, path=str(path))
            assert "3 messages of " in (await bench.engine.command(command)).label
            again = (await bench.engine.command(command)).label
            assert ("3 were there already" in again) is (form == "maildir")
            read = mbox.read if form == "mbox" else maildir.read
            inbox = path / "INBOX.mbox" if form == "mbox" else path
            archive = path / ("Archive.mbox" if form == "mbox" else ".Archive")
            assert [len(list(read(place))) for place in (inbox, archive)] == [2, 1]
            assert (archive / "maildirfolder").exists() is (form == "maildir")
            (tmp_path / "file").touch()
            with pytest.raises(DoorError, match="cannot be written"):
                await bench.engine.command(
                    ExportMessages(account_id=account_id, form=form, path=str(tmp_path / "file"))
                )


def test_what_is_below_a_mailbox_is_not_below_the_file_of_another_one() -> None:
    boxes = [box(1, "a"), box(2, "a.mbox"), box(3, "a.mbox/b"), box(4, "a.MBOX/c/d")]
    assert names(boxes, "mbox") == ["a.mbox", "a.mbox.mbox", "a.mbox_/b.mbox", "a.MBOX_/c/d.mbox"]
