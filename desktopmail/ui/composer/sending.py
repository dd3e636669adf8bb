"""Sends what is written: asks for what is missing, and for a while takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QMessageBox

from desktopmail.door.commands import CancelSending, ReportWish, SendMessage
from desktopmail.door.ids import SendingId
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.mime import address
from desktopmail.ui.composer.keeping import compose_soon
from desktopmail.ui.language import tr, trn
from desktopmail.ui.trouble import sentence

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from desktopmail.door.ids import AccountId
    from desktopmail.mime.compose import Composed, Draft
    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.undo import Step


_NOTIFY = ("success", "failure", "delay")


class Sending(QObject):
    """Sends one message.

    Args:
        window: What is written.
    """

    def __init__(self, window: ComposeWindow) -> None:
        super().__init__(window)
        self._window = window
        self._sending: SendingId | None = None
        # What was handed to an engine that ended before it answered: it may have it.
        self._unanswered: tuple[Draft, Composed] | None = None
        self._step: Step | None = None  # by which it can be taken back

    @property
    def is_under_way(self) -> bool:
        """Whether it was handed to the engine, and can still be taken back."""
        return self._sending is not None

    def send(self) -> None:
        """Check what is written, then send it."""
        self._window.fields.settle()
        wrong = self._what_is_wrong()
        if wrong:
            self._window.warn(wrong)
        else:
            self._window.scope.spawn(self._ask_or_send(), name=tr("task.send"))

    async def _ask_or_send(self) -> None:
        window = self._window
        if not window.fields.subject.text().strip():
            self._ask(
                tr("compose.no_subject"), tr("compose.no_subject_text"), window.fields.subject
            )
            return
        window.send_button.setEnabled(False)  # a long text is read for a while
        try:
            draft = await window.draft_soon()
        finally:
            window.send_button.setEnabled(True)
        if window.settings.flag("remind_attachment") and draft.promises_attachment:
            self._ask(
                tr("compose.no_attachment"), tr("compose.no_attachment_text"), window.attach_button
            )
        else:
            await self._send(draft)

    def _what_is_wrong(self) -> str:
        fields = self._window.fields
        if self._window.sent_by is None:
            return tr("compose.no_account")
        for field in fields.recipient_fields:
            box = field.first_wrong()
            if box is not None:
                field.setFocus()
                name = box.address or box.name
                why = tr(f"wrong.{address.wrong(box.address) or 'no_at'}")
                return f"{tr('compose.bad_address', address=name)} {why}"
        if not any(field.mailboxes() for field in fields.recipient_fields):
            fields.to.setFocus()
            return tr("compose.no_recipient")
        return ""

    def _ask(self, question: str, why: str, instead: QWidget) -> None:
        window = self._window
        icon, button = QMessageBox.Icon.Question, QMessageBox.StandardButton.Cancel
        box = QMessageBox(icon, window.windowTitle(), question, button, window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(why)
        anyway = box.addButton(tr("compose.send_anyway"), QMessageBox.ButtonRole.AcceptRole)
        anyway.clicked.connect(self.send_as_it_is)
        box.rejected.connect(instead.setFocus)
        box.open()

    def send_as_it_is(self) -> None:
        """Send without another question."""
        self._window.scope.spawn(self._send_now(), name=tr("task.send"))

    async def _send_now(self) -> None:
        await self._send(await self._window.draft_soon())

    def _handed_over(self, draft: Draft) -> Composed | None:
        """What an engine has of a draft that ended before it answered; None: nothing."""
        if self._unanswered is None or self._unanswered[0] != draft:
            return None
        return self._unanswered[1]

    async def _send(self, draft: Draft) -> None:
        window = self._window
        sender = window.sent_by
        if sender is None or self._sending is not None:
            return
        window.send_button.setEnabled(False)
        delay_s = window.settings.number("send_delay_s")
        try:
            await window.keeper.settled()
            eight_bit = "8BITMIME" in self._offer(sender.account.id)
            before = self._handed_over(draft)
            composed = before or await compose_soon(draft, eight_bit=eight_bit)
            self._unanswered = draft, composed
            outcome = await window.main.door.command(
                SendMessage(
                    account_id=sender.account.id,
                    sender=composed.sender,
                    recipients=composed.recipients,
                    octets=composed.octets,
                    delay_s=float(delay_s),
                    draft=window.keeper.saved_as,
                    answers=window.placed.answers,
                    forwards=window.placed.forwards,
                    report=ReportWish(notify=_NOTIFY if window.report_action.isChecked() else ()),
                    again=before is not None,
                )
            )
            self._unanswered = None
        except DoorError as error:  # said here: this window may cover the other one
            if not isinstance(error, EngineGoneError):
                self._unanswered = None
            window.warn(sentence(tr("task.send"), error))
            return
        finally:
            window.send_button.setEnabled(True)
        window.keeper.is_changed = False
        await window.keeper.forget()
        self._sending = SendingId(outcome.ids[0]) if outcome.ids else None
        window.hide()
        snack = window.main.snack
        if delay_s > 0 and self._sending is not None:
            history = window.main.history
            subject = draft.subject.strip() or tr("list.no_subject")
            step = history.add(tr("sending.what", subject=subject), self._take_back)
            self._step = step
            snack.count_down(
                delay_s,
                lambda left: trn("sending.in", left),
                tr("sending.undo"),
                lambda: history.press(step),
            )
            # The window stays, hidden, until the message cannot be taken back any more.
            QTimer.singleShot(delay_s * 1_000 + 500, self, self._sent)
        else:
            snack.show_text(tr("sending.sending"), shown_ms=4_000)
            window.finish()

    def _offer(self, account_id: AccountId) -> tuple[str, ...]:
        """What the submission server offered last, also since the window opened."""
        accounts = self._window.main.reader.accounts()
        return next((it.submission for it in accounts if it.id == account_id), ())

    async def _take_back(self) -> None:
        window = self._window
        if self._sending is None or window.is_over:
            return
        sending, self._sending = self._sending, None
        try:
            await window.main.door.command(CancelSending(sending_id=sending))
        except DoorError:
            window.main.snack.show_text(tr("sending.too_late"))
            window.finish()
            return
        window.keeper.changed()
        window.show()
        window.activateWindow()
        window.main.snack.show_text(tr("sending.taken_back"), shown_ms=4_000)

    def _sent(self) -> None:
        if self._step is not None:
            self._window.main.history.forget(self._step)
        if self._sending is not None:
            self._window.finish()
