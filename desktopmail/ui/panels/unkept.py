"""What was typed into a form and not kept: asked about before anything else takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.asking import Leaving, ask_to_keep, confirm
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtWidgets import QWidget

    from desktopmail.tasks import TaskScope


class Unkept:
    """Lets a person leave a form without losing what was typed there in silence.

    Args:
        form: What is asked belongs to its window.
        scope: Where it is waited for.
        is_changed: Whether something was typed that is not kept yet.
        keep: Keeps it; False where that was refused, which the form has said. None where a button
            of the form does so, after which it closes.
        can_keep: Whether it can be kept as it is.
    """

    def __init__(
        self,
        form: QWidget,
        scope: TaskScope,
        is_changed: Callable[[], bool],
        keep: Callable[[], Awaitable[bool]] | None = None,
        can_keep: Callable[[], bool] = lambda: True,
    ) -> None:
        self._form = form
        self._scope = scope
        self._is_changed = is_changed
        self._keep = keep
        self._can_keep = can_keep
        self._is_asking = False

    def settle(self, go: Callable[[], None], stay: Callable[[], None] = lambda: None) -> None:
        """Go on, at once where nothing would be lost, else when a person has said so.

        Args:
            go: What was wanted.
            stay: Puts back what the wish has changed already, such as the row that is chosen.
        """
        if not self._is_changed():
            go()
        elif self._is_asking:
            stay()
        else:
            self._is_asking = True
            self._scope.spawn(self._ask(go, stay), name=self._form.window().windowTitle())

    async def _ask(self, go: Callable[[], None], stay: Callable[[], None]) -> None:
        try:
            may_go = await self._may_go()
        finally:
            self._is_asking = False
        (go if may_go else stay)()

    async def _may_go(self) -> bool:
        if self._keep is None or not self._can_keep():
            question, text = tr("unkept.discard_question"), tr("unkept.cannot_keep")
            if self._keep is None:
                text = tr("unkept.text")
            return await confirm(self._form, question, text, tr("unkept.discard"))
        answer = await ask_to_keep(self._form)
        return await self._keep() if answer is Leaving.KEEP else answer is Leaving.DISCARD
