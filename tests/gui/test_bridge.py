from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.changes import (
    EverythingChanged,
    MailboxesChanged,
    MessagesChanged,
    Progress,
    StoreTrouble,
)
from desktopmail.door.ids import AccountId, MailboxId
from desktopmail.ui.bridge import Bridge, Gathered
from tests.helpers.fake_door import FakeStore

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_a_hundred_changes_are_told_once(qtbot: QtBot) -> None:
    door = FakeStore()
    bridge = Bridge(door)
    told: list[Gathered] = []
    bridge.changed.connect(told.append)
    for number in range(100):
        door.tell(MessagesChanged(mailbox_ids=(MailboxId(number % 3),)))
        door.tell(Progress(account_id=AccountId(1), work="sync", label="…", done=number, total=100))
    door.tell(MailboxesChanged(account_id=AccountId(1)))
    qtbot.waitUntil(lambda: bool(told))
    assert len(told) == 1
    assert told[0].mailboxes == {0, 1, 2}
    assert told[0].tree
    assert [word.done for word in told[0].progress.values()] == [99]
    bridge.close()
    door.tell(EverythingChanged())
    qtbot.wait(150)
    assert len(told) == 1


def test_what_keeps_the_store_from_being_written_is_forgotten_with_its_engine(
    qtbot: QtBot,
) -> None:
    del qtbot
    door, trouble = FakeStore(), StoreTrouble(what="The disk is full.", remedy="Make room.")
    bridge = Bridge(door)
    door.tell(trouble)
    assert bridge.store_trouble == trouble
    bridge.use(FakeStore())
    assert bridge.store_trouble == StoreTrouble()
    bridge.close()


def test_everything_changed_touches_every_view() -> None:
    gathered = Gathered()
    gathered.add(EverythingChanged())
    assert gathered.touches((MailboxId(7),))
    assert not Gathered().touches(())


def test_a_change_in_another_mailbox_does_not_touch_a_view() -> None:
    gathered = Gathered()
    gathered.add(MessagesChanged(mailbox_ids=(MailboxId(1),)))
    assert not gathered.touches((MailboxId(2),))
    assert gathered.touches((MailboxId(1), MailboxId(2)))
    assert gathered.touches(())
