"""What a verb is: a thing a person can do, with its place in menus and its keys."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from desktopmail.ui.commands.desk import Desk


class Menu(enum.Enum):
    """Where a verb stands; the value is the key of the menu's name."""

    FILE = "menu.file"
    EDIT = "menu.edit"
    VIEW = "menu.view"
    GO = "menu.go"
    MAILBOX = "menu.mailbox"
    MESSAGE = "menu.message"
    TOOLS = "menu.tools"
    HELP = "menu.help"


class Needs(enum.Enum):
    """What must be there for a verb to make sense."""

    NOTHING = enum.auto()
    ACCOUNT = enum.auto()
    MAILBOX = enum.auto()  # one mailbox, open
    SELECTION = enum.auto()  # one message or more
    MESSAGE = enum.auto()  # one message, shown
    DRAFT = enum.auto()  # one message that was not sent yet; else it stands in no menu
    UNDO = enum.auto()  # something to take back


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing a person can do.

    Attributes:
        name: Its key: `verb.<name>` is its title, `verb.<name>_tip` is not needed.
        do: Does it; what a server has to hear goes to the engine as a command, whose outcome
            carries the way to undo it.
        menu: Where it stands.
        group: Verbs of one group stand together, with a line between groups.
        icon: The name of its drawing, or empty.
        keys: Its shortcuts; the first is shown.
        needs: When it can be used.
        checked: Whether it is on, for verbs that switch something.
        context: Whether it stands in the context menu of messages.
        in_menu: Whether it stands in its menu; else it has keys and a place in the palette only.
    """

    name: str
    do: Callable[[Desk], Coroutine[Any, Any, None]]
    menu: Menu
    group: int = 0
    icon: str = ""
    keys: tuple[str, ...] = ()
    needs: Needs = Needs.NOTHING
    checked: Callable[[Desk], bool] | None = None
    context: bool = False
    in_menu: bool = True

    @property
    def title(self) -> str:
        """What it is called, in the language of the person."""
        return tr(f"verb.{self.name}")
