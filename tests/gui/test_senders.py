"""Who writes: identities, and their signatures."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCursor

from desktopmail.door.ids import AccountId, IdentityId
from desktopmail.door.rows import IdentityRow, Role
from desktopmail.mime.address import Mailbox
from desktopmail.ui.commands.answering import answer_letter
from desktopmail.ui.composer.writing import Writing
from desktopmail.ui.reading.content import read_letter
from tests.gui.test_composer import sent
from tests.gui.test_window import play
from tests.gui.written import inner
from tests.helpers.fake_door import full_store
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def identity(number: int, address: str, **more: str) -> IdentityRow:
    fields = {"name": "Alice", "reply_to": "", "signature_text": "", "signature_html": ""} | more
    return IdentityRow(
        id=IdentityId(number),
        account_id=AccountId(1),
        address=address,
        default=number == 1,
        **fields,
    )


IDENTITIES = [
    identity(1, "alice@example.org", signature_text="Alice\nGarden club"),
    identity(2, "sales@example.org", reply_to="desk@example.org", signature_html="<b>Sales</b>"),
    identity(3, "silent@example.org"),
]


def test_the_signature_follows_the_sender_unless_it_was_changed(theme: Theme) -> None:
    store = full_store()
    store.identity_rows = list(IDENTITIES)

    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        body, box = composer.body, composer.fields.from_box
        assert body.plain_text() == "\n\n-- \nAlice\nGarden club"
        box.setCurrentIndex(1)
        assert body.plain_text().endswith("-- \nSales\n")
        assert "<b>Sales</b>" in inner(composer)
        box.setCurrentIndex(2)
        assert "-- " not in body.plain_text()
        box.setCurrentIndex(0)
        assert body.plain_text().endswith("-- \nAlice\nGarden club")
        cursor = body.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(", at home")
        box.setCurrentIndex(1)
        assert body.plain_text().endswith("-- \nAlice\nGarden club, at home")
        composer.finish()
        assert store.commands == []

    play(theme, scene, store)


def test_an_answer_comes_from_the_identity_it_was_written_to(theme: Theme) -> None:
    store = full_store()
    store.identity_rows = list(IDENTITIES)
    octets = b"From: b@x.test\r\nTo: sales@example.org\r\nSubject: Price?\r\n\r\nHow much?\r\n"

    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(octets, store.box(Role.INBOX).id, date_s=2_000_000_000)
        letter = read_letter(octets)
        await answer_letter(window, letter, "reply", account_id=row.account_id, placement_id=row.id)
        composer = window.composers[-1]
        assert composer.sent_by is not None
        assert composer.sent_by.mailbox == Mailbox("Alice", "sales@example.org")
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        assert read["From"] == "Alice <sales@example.org>"
        assert read["Reply-To"] == "desk@example.org"
        assert sent(store)[0].sender == "sales@example.org"
        assert sent(store)[0].answers == row.id

    play(theme, scene, store, send_delay_s=0)
