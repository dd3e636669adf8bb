"""What verbs act upon: the window, as little of it as they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.door.interface import Door, StoreReader
    from desktopmail.door.rows import AccountRow, MailboxRow, MessageRow, TagRow
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.composer.writing import Writing
    from desktopmail.ui.models.tags import Tags
    from desktopmail.ui.panes.list_pane import ListPane
    from desktopmail.ui.panes.sidebar import Sidebar
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.reading.pane import ReadingPane
    from desktopmail.ui.settings import Settings
    from desktopmail.ui.theme.theme import Theme


class Desk(Protocol):
    """What the main window offers to verbs."""

    door: Door
    reader: StoreReader
    settings: Settings
    theme: Theme
    tags: Tags
    sidebar: Sidebar
    list_pane: ListPane
    reading: ReadingPane
    scope: TaskScope

    def selection(self) -> list[MessageRow]:
        """The messages selected, as far as they are loaded."""
        ...

    def selected_ids(self) -> tuple[PlacementId, ...]:
        """The placements selected, all of them."""
        ...

    async def letter(self) -> tuple[MessageRow, Letter] | None:
        """The one message selected, read whole; None when there is none."""
        ...

    async def carry_out(self, command: AnyCommand, done: str = "", note: str = "") -> None:
        """Give a command to the engine and show what was done, with the way to take it back.

        Args:
            command: What to do.
            done: What to say afterwards; empty: nothing.
            note: What is to be known about it, said behind that.
        """
        ...

    async def undo(self) -> None:
        """Take the last command back."""
        ...

    def compose(self, writing: Writing) -> None:
        """Open a window to write in."""
        ...

    async def choose_mailbox(self, title: str) -> MailboxRow | None:
        """Let a person choose a mailbox by typing; None when they changed their mind."""
        ...

    async def choose_target(self, title: str, rows: Sequence[MessageRow]) -> MailboxRow | None:
        """Let a person choose by typing where messages go; None when they changed their mind."""
        ...

    async def choose_tag(self, title: str) -> TagRow | None:
        """Let a person choose a tag by typing, or make one; None when they changed their mind."""
        ...

    async def ask_text(
        self, title: str, label: str, *, text: str = "", secret: bool = False
    ) -> str | None:
        """Ask for a line of text; None when the person changed their mind."""
        ...

    async def ask_new_secret(self, title: str, label: str, loss: str) -> str | None:
        """Ask twice for a secret that is made; None when the person changed their mind.

        Args:
            title: What is done with it.
            label: What it is for.
            loss: What is lost with it.
        """
        ...

    async def confirm(self, question: str, text: str, do: str) -> bool:
        """Ask before something that cannot be taken back."""
        ...

    def account_in_view(self) -> AccountRow | None:
        """The account whose mailbox is open, else the first."""
        ...

    def mailbox_in_view(self) -> MailboxRow | None:
        """The mailbox that is open, None where several are joined."""
        ...

    def mailbox_name(self, mailbox_id: MailboxId) -> str:
        """The name of a mailbox as shown."""
        ...

    def accounts(self) -> Sequence[AccountRow]:
        """All accounts."""
        ...

    def say(self, text: str) -> None:
        """Show a sentence for some seconds."""
        ...

    def reading_is_decided(self) -> None:
        """Whether the message shown is read was decided: do not mark it by the clock."""
        ...

    def open_link(self, target: str) -> None:
        """Follow a link: addresses open a window to write in, web pages the browser."""
        ...

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        ...

    def show_view(self, name: str) -> None:
        """Open one of the window's own dialogues or panels by its name."""
        ...

    def apply_look(self) -> None:
        """Bring the window in line with the settings of its look."""
        ...

    def quit(self) -> None:
        """End the program."""
        ...
