"""What fills the window: the panes, or the page of a fresh profile while there is no account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

if TYPE_CHECKING:
    from desktopmail.door.interface import DoorError
    from desktopmail.ui.panels.first_run import FirstRun
    from desktopmail.ui.theme.theme import Theme


class Pages(QStackedWidget):
    """Shows the panes once there is an account, the first-run page before.

    Args:
        panes: What is shown with an account.
        theme: Colours.

    Attributes:
        first_run: The page of a fresh profile, None while it was never needed.

    Signals:
        account_wanted, sandbox_wanted: What was chosen on the first-run page.
    """

    account_wanted = Signal()
    sandbox_wanted = Signal()

    def __init__(self, panes: QWidget, theme: Theme) -> None:
        super().__init__()
        self._panes = panes
        self._theme = theme
        self.first_run: FirstRun | None = None
        self.addWidget(panes)

    def follow(self, *, has_accounts: bool) -> bool:
        """Show what belongs there; whether the panes came in the place of the first-run page."""
        if not has_accounts and self.first_run is None:
            from desktopmail.ui.panels.first_run import FirstRun

            self.first_run = FirstRun(self._theme)
            self.first_run.account_wanted.connect(self.account_wanted)
            self.first_run.sandbox_wanted.connect(self.sandbox_wanted)
            self.addWidget(self.first_run)
        page = self._panes if has_accounts or self.first_run is None else self.first_run
        if self.currentWidget() is page:
            return False
        self.setCurrentWidget(page)
        if self.first_run is not None and page is self.first_run:
            self.first_run.account_button.setFocus()
        return has_accounts

    def sandbox_starts(self) -> None:
        """The sandbox is being made: do not offer it again."""
        if self.first_run is not None:
            self.first_run.show_problem(None)
            self.first_run.setEnabled(False)

    def sandbox_started(self, problem: DoorError | None) -> None:
        """The sandbox is there, or could not be made: then the page says why, and what to do."""
        if self.first_run is not None:
            self.first_run.setEnabled(True)
            self.first_run.show_problem(problem)
