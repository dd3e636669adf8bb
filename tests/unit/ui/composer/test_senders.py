"""The choices of From: identities with their signatures, and which one a draft begins with."""

from __future__ import annotations

from desktopmail.door.ids import AccountId, IdentityId
from desktopmail.door.rows import IdentityRow, Kind
from desktopmail.mime.address import Mailbox
from desktopmail.ui.composer import senders
from tests.helpers.fake_door import FakeStore

STORE = FakeStore()
HOME = STORE.add_account("Home", "anna@home.example", Kind.IMAP, "Anna")
WORK = STORE.add_account("Work", "a.weber@work.example", Kind.IMAP, "Anna Weber")


def identity(number: int, account: int, address: str, **more: str) -> IdentityRow:
    fields = {"name": "Anna", "reply_to": "", "signature_text": "", "signature_html": ""} | more
    return IdentityRow(
        id=IdentityId(number),
        account_id=AccountId(account),
        address=address,
        default=False,
        **fields,
    )


ALL = senders.all_of(
    STORE.account_rows,
    (
        identity(1, WORK, "a.weber@work.example", signature_text="Anna Weber\nWork Ltd"),
        identity(2, WORK, "sales@work.example", reply_to="desk@work.example"),
        identity(3, WORK, "x@work.example", signature_html="<b>Anna</b><br>x"),
    ),
)


def test_each_identity_is_a_sender_and_so_is_an_account_without_any() -> None:
    assert [it.mailbox.address for it in ALL] == [
        "anna@home.example",
        "a.weber@work.example",
        "sales@work.example",
        "x@work.example",
    ]
    assert ALL[2].reply_to == Mailbox("", "desk@work.example")


def test_each_identity_signs_as_it_says_or_not_at_all() -> None:
    assert [it.signature for it in ALL] == ["", "Anna Weber\nWork Ltd", "", "Anna\nx"]


def test_a_draft_begins_with_the_address_it_names_else_with_the_account() -> None:
    work = STORE.account_rows[1]
    assert senders.choose(ALL, work, Mailbox("", "Sales@work.example")) == 2
    assert senders.choose(ALL, work, Mailbox("", "anna@home.example")) == 1
    assert senders.choose(ALL, work, Mailbox("", "")) == 1
    assert senders.choose(ALL, None, Mailbox("", "x@work.example")) == 3
    assert senders.choose(ALL, None, Mailbox("", "")) == 0
