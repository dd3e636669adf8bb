"""The users of the server, and what a second device, or a disaster, can do to their mail."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout

from desktopmail.ui.dates import size_text
from desktopmail.ui.facts import FactTable
from desktopmail.ui.language import tr
from desktopmail.ui.secret_field import secret_field
from desktopmail.ui.server_room.page import Page, Room
from desktopmail.ui.server_room.values import Listed, User

if TYPE_CHECKING:
    from desktopmail.ui.server_room.api import ServerApi


class People(Page):
    """One row a user; the buttons act on the chosen one."""

    name = "people"
    kinds = frozenset({"user", "mailbox", "arrival", "reset"})

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.explain("room.people_help")
        self.table = FactTable(
            tr("page.people"),
            [tr("room.address"), tr("room.user"), tr("room.messages"), tr("room.size"), ""],
            self,
            numbers=(2, 3),
        )
        self.table.chosen.connect(self._update)
        self.lines.addWidget(self.table, 1)
        _, self.password_button, self.remove_button = self.buttons(
            ("room.add_user", self._ask_name),
            ("room.new_password", self._ask_password),
            ("room.remove_user", self._remove),
        )
        self.heading("room.disasters")
        self.disaster_buttons = self.buttons(
            ("room.expunge_newest", self._expunge_newest),
            ("room.new_uidvalidity", self._renew),
            ("room.fill", self._fill),
        )
        self._full: set[object] = set()
        self._update()

    async def refresh(self, api: ServerApi) -> None:
        """See Page."""
        users = await api.get("/api/users", list[User])
        self._full = {user.name for user in users if user.full}
        self.table.fill(
            [
                (
                    user.name,
                    (
                        user.address,
                        user.name,
                        str(user.messages),
                        size_text(user.octets),
                        tr("room.full") if user.full else "",
                    ),
                )
                for user in users
            ],
            nothing=tr("room.no_users"),
        )

    def _update(self) -> None:
        name = self.table.key()
        for button in (self.password_button, self.remove_button, *self.disaster_buttons):
            button.setEnabled(name is not None)
        self.disaster_buttons[2].setText(tr("room.empty" if name in self._full else "room.fill"))

    def _user(self) -> str:
        return f"/api/users/{quote(str(self.table.key()), safe='')}"

    def _ask_name(self) -> None:
        dialog = UserDialog(self)
        dialog.accepted.connect(lambda: self._put(dialog.name.text(), dialog.password.text()))
        dialog.open()

    def _ask_password(self) -> None:
        name = str(self.table.key())
        dialog = UserDialog(self, name)
        dialog.accepted.connect(lambda: self._put(name, dialog.password.text()))
        dialog.open()

    def _put(self, name: str, password: str) -> None:
        self.send("PUT", f"/api/users/{quote(name.strip(), safe='')}", {"password": password})

    def _remove(self) -> None:
        self.send("DELETE", self._user())

    def _fill(self) -> None:
        self.send("PUT", f"{self._user()}/full", {"full": self.table.key() not in self._full})

    def _renew(self) -> None:
        self.send("POST", f"{self._user()}/mailboxes/INBOX/uidvalidity")

    def _expunge_newest(self) -> None:
        api, user = self.room.api, self._user()

        async def do() -> None:
            if api is None:
                return
            newest = await api.get(f"{user}/messages?limit=1", list[Listed])
            if newest:
                await api.send("DELETE", f"{user}/messages/{newest[-1].uid}")

        self.room.act(do())


class UserDialog(QDialog):
    """Asks for the name and the password of a user, or for the password alone."""

    def __init__(self, parent: People, name: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("room.new_password" if name else "room.add_user").rstrip("…"))
        self.setMinimumWidth(360)
        self.name = QLineEdit(name, self)
        self.name.setEnabled(not name)
        self.password = secret_field(tr("room.password"), self)
        fields = QFormLayout()
        fields.addRow(tr("room.user"), self.name)
        fields.addRow(tr("room.password"), self.password)
        buttons = QDialogButtonBox(self)
        ok = buttons.addButton(tr("room.keep"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(tr("room.cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        ok.setEnabled(False)

        def check() -> None:
            ok.setEnabled(bool(self.name.text().strip() and self.password.text()))

        self.name.textChanged.connect(check)
        self.password.textChanged.connect(check)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 18, 20, 16)
        lines.setSpacing(14)
        lines.addLayout(fields)
        lines.addWidget(buttons)
        self.finished.connect(self.deleteLater)
