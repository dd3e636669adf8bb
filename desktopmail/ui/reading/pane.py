"""The reading pane: shows one message, or says why it shows none."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QFrame,
    QMessageBox,
    QStackedWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.rows import Flag
from desktopmail.mime import authres, link, mailing_list
from desktopmail.tasks import TaskScope
from desktopmail.ui.emptied import empty
from desktopmail.ui.fitting_area import FittingArea
from desktopmail.ui.isolates import isolated
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models.drafts import is_draft
from desktopmail.ui.models.tags import Tags
from desktopmail.ui.reading.attachments import AttachmentStrip
from desktopmail.ui.reading.content import Letter, read_letter
from desktopmail.ui.reading.find_bar import FindBar
from desktopmail.ui.reading.header_card import HeaderCard, proof
from desktopmail.ui.reading.html_views import make_html_view
from desktopmail.ui.reading.list_bar import make_list_bar
from desktopmail.ui.reading.notice_bar import NoticeBar
from desktopmail.ui.reading.plain_view import PlainView
from desktopmail.ui.reading.remote import RemoteImages

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from desktopmail.door.ids import PlacementId
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import AccountRow, MessageRow, TagRow
    from desktopmail.mime.authres import Authentication
    from desktopmail.ui.reading.html_views import AnyHtmlView
    from desktopmail.ui.reading.remote import FetchImage
    from desktopmail.ui.theme.theme import Theme

_LEAST_BODY = 70


class Privacy(Protocol):
    """What was allowed about remote images."""

    def remote_allowed(self, address: str) -> bool:
        """Whether images of this sender are always loaded."""
        ...

    def allow_remote(self, address: str) -> None:
        """Load images of this sender from now on."""
        ...

    def forbid_remote(self, address: str) -> None:
        """Load images of this sender no longer."""
        ...


class ReadingPane(QFrame):
    """Shows a message of the store.

    Args:
        theme: Colours.
        reader: Where messages are read.
        privacy: What was allowed about remote images.
        web: Whether QtWebEngine may be used for HTML.
        fetch_image: Fetches a remote image through the engine: (octets, media type).

    Signals:
        shown: Another message is shown (MessageRow, Letter).
        whole_wanted: The body is not here and should be fetched (MessageRow).
        link_clicked, link_hovered: See `PlainView`.
        menu_wanted: A context menu is wanted (QPoint, link target or "").
        show_wanted, open_wanted, save_wanted, drag_wanted: For attachments (Attachment).
        save_all_wanted: All attachments are to be saved.
        leave_wanted: The mailing list of the message is to be left (Letter, MessageRow).
        list_reply_wanted: The mailing list of the message is to be answered.
        edit_wanted: The draft that is shown is to be gone on with.
        keep_wanted: Somebody named is to be put into the address book (Mailbox).
        tag_unwanted: A tag of the message is to be taken off (MessageRow, name).
        receipt_answered: A receipt is to be sent, or never: (MessageRow, bool).
    """

    shown = Signal(object, object)
    whole_wanted = Signal(object)
    link_clicked = Signal(str)
    link_hovered = Signal(str)
    menu_wanted = Signal(object, str)
    show_wanted = Signal(object)
    open_wanted = Signal(object)
    save_wanted = Signal(object)
    drag_wanted = Signal(object)
    save_all_wanted = Signal()
    leave_wanted = Signal(object, object)
    receipt_answered = Signal(object, bool)
    list_reply_wanted = Signal()
    edit_wanted = Signal()
    keep_wanted = Signal(object)
    tag_unwanted = Signal(object, str)

    def __init__(
        self,
        theme: Theme,
        reader: StoreReader,
        privacy: Privacy,
        *,
        web: bool,
        fetch_image: FetchImage | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("readingPane")
        self._theme = theme
        self._reader = reader
        self._privacy = privacy
        self._web = web
        self.remote_images = RemoteImages(fetch_image, self) if fetch_image is not None else None
        if self.remote_images is not None:
            self.remote_images.failed.connect(self._remote_failed)
        self._remote = False
        self._authentication: Authentication | None = None
        self.scope = TaskScope(_to_the_loop)
        self.row: MessageRow | None = None
        self.letter: Letter | None = None
        self._turn = 0
        self._prefer_text = False
        self._zoom = 1.0
        self._original_colours = False
        self._receipts_answered: set[PlacementId] = set()
        self._is_folding = True
        self.charset: str | None = None
        self.header = HeaderCard(theme, self)
        self.header.write_wanted.connect(
            lambda box: self.link_clicked.emit(f"mailto:{quote(box.address, safe='@')}")
        )
        self.header.keep_wanted.connect(self.keep_wanted)
        self.header.tag_unwanted.connect(lambda name: self.tag_unwanted.emit(self.row, name))
        self._rule = QFrame(self)
        self._rule.setProperty("kind", "rule")
        self._notices = QWidget(self)
        self._notice_lines = QVBoxLayout(self._notices)
        self._notice_lines.setContentsMargins(24, 0, 24, 10)
        self._notice_lines.setSpacing(6)
        self.attachments = AttachmentStrip(theme, self)
        self.attachments.show_wanted.connect(self.show_wanted)
        self.attachments.open_wanted.connect(self.open_wanted)
        self.attachments.save_wanted.connect(self.save_wanted)
        self.attachments.drag_wanted.connect(self.drag_wanted)
        self.attachments.save_all_wanted.connect(self.save_all_wanted)
        self.plain = PlainView(theme, self)
        self._html: AnyHtmlView | None = None
        self._nothing = Label(tr("reading.nothing"), self)
        self._nothing.setProperty("kind", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._bodies = QStackedWidget(self)
        for widget in (self._nothing, self.plain):
            self._bodies.addWidget(widget)
        for view in (self.plain,):
            self._connect_view(view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        host = QWidget(self)
        host.setObjectName("readingTopHost")
        lines = QVBoxLayout(host)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(self.header)
        lines.addWidget(self._notices)
        self._top = FittingArea(lambda: self.height() * 3 // 5, self)
        self._top.setObjectName("readingTop")
        self._top.hold(host)
        for part in (self._top, self._rule, self.attachments):
            layout.addWidget(part)
        self._bodies.setMinimumHeight(_LEAST_BODY)  # a scroll area alone would want more
        layout.addWidget(self._bodies, 1)
        self.find_bar = FindBar(theme, self)
        self.find_bar.wanted.connect(self.find_words)
        layout.addWidget(self.find_bar)
        self.setMinimumWidth(280)
        self.show_nothing()

    # ---- what is shown

    def replace_reader(self, reader: StoreReader) -> None:
        """Read from a new connection (after the engine was started again)."""
        self._reader = reader

    def show_nothing(self, selected: int = 0, *, is_empty: bool = False) -> None:
        """Show no message, and say why: none or several are selected, or there is none at all."""
        self._turn += 1
        self.row = self.letter = None
        for part in (self._top, self._rule, self.attachments):
            part.hide()
        text = trn("reading.several", selected) if selected > 1 else tr("reading.nothing")
        self._nothing.setText("" if is_empty else text)
        self._bodies.setCurrentWidget(self._nothing)

    async def show_message(
        self, row: MessageRow, *, remote: bool | None = None, charset: str | None = None
    ) -> None:
        """Show a message; the last one asked for wins.

        Args:
            row: Which one.
            remote: Load remote images; None: as it was allowed for the sender.
            charset: The charset a person chose instead of those that the texts name.
        """
        self._turn += 1
        turn = self._turn
        octets = self._reader.octets(row.message_id)
        whole = octets is not None
        if octets is None:
            octets = self._reader.header_octets(row.message_id)
            self.whole_wanted.emit(row)
        allowed = self._privacy.remote_allowed(row.sender.address) if remote is None else remote
        loop = asyncio.get_running_loop()
        letter = await loop.run_in_executor(
            None,
            lambda: read_letter(
                octets, whole=whole, remote=allowed, charset=charset, folded=self._is_folding
            ),
        )
        if turn == self._turn:
            self.charset = charset
            self.show_letter(letter, row, remote=allowed)

    def show_letter(self, letter: Letter, row: MessageRow | None, *, remote: bool = False) -> None:
        """Show a message that is ready."""
        self.row, self.letter, self._remote = row, letter, remote
        if self.remote_images is not None:
            self.remote_images.begin()
        self._authentication = self._judge(letter, row)
        self.header.show_letter(letter, self._authentication)
        self.show_marks(row)
        self._top.show()
        self._rule.show()
        self.attachments.show_attachments(letter.attachments, letter.sizes)
        self._show_notices(letter)
        self._show_body()
        self.shown.emit(row, letter)

    def show_marks(self, row: MessageRow | None) -> None:
        """Show the tags and the state of the message shown, which may have changed."""
        tags: list[TagRow] = []
        box = None
        if row is not None and row.tags:
            known = Tags()
            known.refresh(self._reader)
            tags = known.shown(row.tags)
            box = self._reader.mailbox(row.mailbox_id)
        here = frozenset(tag.name for tag in tags if box is not None and not box.keeps(tag.name))
        self.header.marks.show_marks(row, tags, here)
        if row is not None and self.row is not None and row.id == self.row.id:
            self.row = row

    def refresh_marks(self, _what: object = None) -> None:
        """Show them as the store has them now."""
        if self.row is not None:
            own = self.row.id
            rows = self._reader.placements(self.row.message_id)
            fresh = next((it for it in rows if it.id == own), None)
            if fresh is not None:
                self.show_marks(fresh)

    def _judge(self, letter: Letter, row: MessageRow | None) -> Authentication | None:
        """What the account's own server found out about the sender; None for other messages."""
        accounts = self._reader.accounts() if row is not None else ()
        for account in accounts:
            if row is not None and account.id == row.account_id:
                return authres.judge(letter.message, trusted_servers(account))
        return None

    def prefer_text(self, preferred: bool) -> None:
        """Show the plain text even where a message has HTML, or no longer."""
        self._prefer_text = preferred
        if self.letter is not None:
            self._show_body()

    def use_original_colours(self, wanted: bool) -> None:
        """Show HTML in its own colours in the dark theme, or darkened."""
        self._original_colours = wanted
        if self._html is not None:
            self._html.use_original_colours(wanted)

    def fold_quotes(self, wanted: bool) -> None:
        """Fold long quotes and signatures away until they are wanted, or show them whole."""
        if wanted == self._is_folding:
            return
        self._is_folding = wanted
        self.plain.fold(wanted)
        if self.row is not None:
            self.scope.spawn(
                self.show_message(self.row, remote=self._remote, charset=self.charset),
                name=tr("task.read"),
            )

    def use_charset(self, label: str | None) -> None:
        """Read the message shown in another charset, or (None) in those that it names."""
        if self.row is not None:
            self.scope.spawn(
                self.show_message(self.row, remote=self._remote, charset=label),
                name=tr("task.read"),
            )

    def set_zoom(self, zoom: float) -> None:
        """Show letters `zoom` times as large."""
        self._zoom = min(max(zoom, 0.5), 3.0)
        self.plain.set_zoom(self._zoom)
        if self._html is not None:
            self._html.set_zoom(self._zoom)

    @property
    def zoom(self) -> float:
        """How large letters are shown."""
        return self._zoom

    @property
    def body(self) -> QWidget | None:
        """The widget that shows the body, or None where no message is shown."""
        return self._bodies.currentWidget() if self.letter is not None else None

    @property
    def is_ready(self) -> bool:
        """Whether the body is on the screen: Chromium lays HTML out behind the scenes."""
        body = self.body
        return body is not None and (body is not self._html or self._html.is_ready)

    def find_words(self, words: str, backwards: bool = False) -> None:
        """Go to the next place where words stand in the message."""
        view = self._bodies.currentWidget()
        self.plain.write_rest()
        if isinstance(view, QTextBrowser):
            flags = QTextDocument.FindFlag(0)
            if backwards:
                flags |= QTextDocument.FindFlag.FindBackward
            found = view.find(words, flags)
            if not found and words:  # once more from the other end
                end = (
                    QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start
                )
                view.moveCursor(end)
                found = view.find(words, flags)
            self.find_bar.show_found(found)
        elif self._html is not None and not isinstance(self._html, QTextBrowser):
            self._html.find_words(words, backwards, self.find_bar.show_found)

    def selected_text(self) -> str:
        """What is selected in the message."""
        view = self._bodies.currentWidget()
        if isinstance(view, QTextBrowser):
            return view.textCursor().selectedText().replace("\u2029", "\n")
        return self._html.selected_text() if self._html is not None else ""

    def show_remote(self) -> None:
        """Load the remote images of this message now."""
        if self.row is not None:
            work = self.show_message(self.row, remote=True, charset=self.charset)
            self.scope.spawn(work, name=tr("remote.show"))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """In a low window the header scrolls, so that the message stays in sight."""
        super().resizeEvent(event)
        self._top.fit()

    async def aclose(self) -> None:
        """End what is still being fetched, before the pane is deleted."""
        await self.scope.close()
        if self._html is not None:
            await self._html.scope.close()

    def _show_body(self) -> None:
        letter = self.letter
        if letter is None:
            return
        if letter.html is not None and not self._prefer_text:
            view = self._html_view()
            view.show_letter(letter)
            self._bodies.setCurrentWidget(view)
            return
        self.plain.show_blocks(letter.blocks)
        self._bodies.setCurrentWidget(self.plain)

    def _html_view(self) -> AnyHtmlView:
        if self._html is None:
            self._html = make_html_view(self._theme, self._fetcher(), self, web=self._web)
            self._html.set_zoom(self._zoom)
            self._html.use_original_colours(self._original_colours)
            self._connect_view(self._html)
            self._bodies.addWidget(self._html)
        return self._html

    def _fetcher(self) -> FetchImage | None:
        return self.remote_images.fetch if self.remote_images is not None else None

    def _connect_view(self, view: PlainView | AnyHtmlView) -> None:
        view.link_clicked.connect(self._follow)
        view.link_hovered.connect(self.link_hovered)
        view.menu_wanted.connect(self.menu_wanted)

    # ---- what is said about it

    def _remote_failed(self) -> None:
        if self.letter is not None:
            self._show_notices(self.letter)

    def _show_notices(self, letter: Letter) -> None:
        empty(self._notice_lines)
        bars = self._bars(letter)
        for bar in bars:
            self._notice_lines.addWidget(bar)
            bar.show()  # a layout would do it later
        self._notices.setVisible(bool(bars))

    def _bars(self, letter: Letter) -> list[NoticeBar]:
        bars: list[NoticeBar] = []
        found = self._authentication
        if found is not None and found.verdict is authres.Verdict.FAILED:
            bars.append(NoticeBar(self._theme, "alert", "danger", proof(found)))
        if not letter.whole:
            bars.append(NoticeBar(self._theme, "download", "notice", tr("reading.fetching")))
        if letter.whole and self.row is not None and is_draft(self._reader, self.row):
            offer = (tr("verb.edit_draft"), self.edit_wanted.emit)
            bars.append(NoticeBar(self._theme, "drafts", "notice", tr("reading.draft"), [offer]))
        bars += self._remote_bars(letter)
        bars += self._receipt_bars(letter)
        for kind, number in _link_warnings(letter).items():
            text = trn(f"link.{kind.name.lower()}", number)
            bars.append(NoticeBar(self._theme, "alert", "warning", text))
        bar = self._list_bar(letter)
        return [*bars, bar] if bar is not None else bars

    def _list_bar(self, letter: Letter) -> NoticeBar | None:
        ways = mailing_list.of(letter.message.header)
        found = self._authentication
        if ways is None or (found is not None and found.verdict is authres.Verdict.FAILED):
            return None  # who forges a sender would learn from an answer that somebody reads this
        sender = letter.sender[0] if letter.sender else None
        return make_list_bar(
            self._theme,
            ways,
            name=isolated(sender.shown) if sender is not None else "",
            can_leave=bool(ways.one_click or ways.leave_mail or ways.leave_page),
            follow=self._follow,
            reply=self.list_reply_wanted.emit,
            leave=lambda: self.leave_wanted.emit(self.letter, self.row),
        )

    def _follow(self, target: str) -> None:
        """Follow a link; ask first where it hides where it leads."""
        letter = self.letter
        links = letter.html.links if letter is not None and letter.html is not None else ()
        found = next((it for it in links if it.warning and QUrl(it.url) == QUrl(target)), None)
        if found is None:
            self.link_clicked.emit(target)
            return
        host = link.host_of(target) or target
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            tr("link.open"),
            tr("link.leads_to", host=host),
            QMessageBox.StandardButton.Cancel,
            self.window(),
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        why = tr(f"linkwarn.{found.warning.name.lower()}", text=found.text)
        box.setInformativeText(f"{why}\n\n{target}")
        anyway = box.addButton(tr("link.open_anyway"), QMessageBox.ButtonRole.AcceptRole)
        anyway.clicked.connect(lambda _on=False: self.link_clicked.emit(target))
        box.open()

    def _remote_bars(self, letter: Letter) -> list[NoticeBar]:
        blocked = len(letter.html.remote_images) if letter.html is not None else 0
        images = self.remote_images
        if not blocked:
            return []
        if not self._remote:
            actions: list[tuple[str, Callable[[], object]]] = []
            if images is not None:  # without a fetcher there is nothing to offer
                actions.append((tr("remote.show"), self.show_remote))
                if letter.sender:
                    actions.append((tr("remote.always"), self._always_remote))
            text, why = trn("remote.blocked", blocked), tr("remote.why")
        elif images is not None and images.sentence:
            actions = [(tr("remote.again"), self.show_remote)]
            text, why = images.sentence, images.reasons
        else:
            return []
        bar = NoticeBar(self._theme, "image-off", "notice", text, actions)
        bar.setToolTip(why)
        bar.setAccessibleDescription(why)
        return [bar]

    def _receipt_bars(self, letter: Letter) -> list[NoticeBar]:
        """Offer the receipt a sender asks for; who forged the address would learn too much."""
        row = self.row
        if row is None or not letter.whole or row.flags & (Flag.RECEIPT_SENT | Flag.DRAFT):
            return []
        if row.id in self._receipts_answered or self._is_own(letter, row):
            return []
        from desktopmail.mime import receipt  # it composes: not needed at start

        wanted = receipt.wanted_by(letter.message)
        found = self._authentication
        if not wanted or (found is not None and found.verdict is authres.Verdict.FAILED):
            return []
        text = tr("receipt.asked", name=wanted[0].name or wanted[0].shown_address)
        actions: list[tuple[str, Callable[[], object]]] = [
            (tr("receipt.send"), lambda: self._answer_receipt(row, send=True)),
            (tr("receipt.never"), lambda: self._answer_receipt(row, send=False)),
        ]
        bar = NoticeBar(self._theme, "mail-open", "notice", text, actions)
        bar.setToolTip(tr("receipt.why", address=", ".join(box.shown_address for box in wanted)))
        return [bar]

    def _is_own(self, letter: Letter, row: MessageRow) -> bool:
        own = {it.address.lower() for it in self._reader.identities(row.account_id)}
        return letter.message.sender.key in own

    def _answer_receipt(self, row: MessageRow, *, send: bool) -> None:
        self._receipts_answered.add(row.id)
        self.receipt_answered.emit(row, send)
        if self.letter is not None:
            self._show_notices(self.letter)

    @property
    def sender_is_allowed(self) -> bool:
        """Whether images of the sender of the message shown are always loaded."""
        letter = self.letter
        return bool(
            letter is not None
            and letter.sender
            and self._privacy.remote_allowed(letter.sender[0].address)
        )

    def allow_sender(self, allowed: bool) -> None:
        """Load images of this sender always, or no longer."""
        if self.letter is None or not self.letter.sender or self.row is None:
            return
        address = self.letter.sender[0].address
        if allowed:
            self._privacy.allow_remote(address)
        else:
            self._privacy.forbid_remote(address)
        self.scope.spawn(self.show_message(self.row, remote=allowed), name=tr("remote.show"))

    def _always_remote(self) -> None:
        self.allow_sender(True)


def trusted_servers(account: AccountRow) -> tuple[str, ...]:
    """The servers whose word on a sender counts for an account: those that receive its mail."""
    domain = account.address.rpartition("@")[2].lower()
    names = [f"mx.{domain}"]
    host = account.incoming.host.lower()
    if "." in host and not host.replace(".", "").isdigit():  # no loopback: anybody writes that
        names.append(host)
    return tuple(names)


def _to_the_loop(name: str, error: Exception) -> None:
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": f"{name} failed", "exception": error})


def _link_warnings(letter: Letter) -> dict[link.Warning, int]:
    """How many links of a message hide where they lead, by the way they do it."""
    links = letter.html.links if letter.html is not None else ()
    return dict(Counter(it.warning for it in links if it.warning))
