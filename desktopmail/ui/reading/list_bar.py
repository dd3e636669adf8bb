"""The quiet bar that says by which mailing list a message came, and what one can do there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from desktopmail.ui.language import tr
from desktopmail.ui.reading.notice_bar import NoticeBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.mime.mailing_list import MailingList
    from desktopmail.ui.theme.theme import Theme


def make_list_bar(
    theme: Theme,
    ways: MailingList,
    *,
    name: str,
    can_leave: bool,
    follow: Callable[[str], object],
    reply: Callable[[], object],
    leave: Callable[[], object],
) -> NoticeBar | None:
    """Make the bar of a list; None where it names nothing one could do.

    Args:
        theme: Colours.
        ways: What the list says about itself.
        name: What to call it where it has no name: the sender.
        can_leave: Whether to offer to leave it.
        follow: Follows a link, as those of the message are followed.
        reply: Answers to the list.
        leave: Leaves it.
    """
    called = ways.name or ways.id or name
    offers: list[tuple[str, str, Callable[[], object]]] = []  # title, tip, act
    if ways.post:
        offers.append((tr("lists.reply"), ways.post, reply))
    for key, url in (("archive", ways.archive), ("help", ways.help), ("owner", ways.owner)):
        if url:
            offers.append((tr(f"lists.{key}"), _shown(url), partial(follow, url)))
    if can_leave:
        how = "leave.by_mail" if ways.leave_mail else "leave.at_page"
        how = "leave.one_click" if ways.one_click else how
        offers.append((tr("leave.do"), tr(how, name=called), leave))
    if not offers:
        return None
    sentence = tr("lists.of" if ways.post or ways.id else "lists.news", name=called)
    actions = [(title, act) for title, _, act in offers]
    bar = NoticeBar(theme, "user", "quiet", sentence, actions)
    bar.setObjectName("listBar")
    if ways.id:
        bar.setToolTip(ways.id)
    for button, (_, tip, _) in zip(bar.buttons, offers, strict=True):
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)
    return bar


def _shown(url: str) -> str:
    """The true target: whole for an address, the host first for a page."""
    return url.removeprefix("mailto:") if urlsplit(url).scheme == "mailto" else url
