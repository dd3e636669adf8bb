"""Commands that name one mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.quota import GetQuotaRoot
from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe
from tests.helpers.imap import encoded, read_command

if TYPE_CHECKING:
    from desktopmail.wire.imap.mailboxed import Mailboxed


@pytest.mark.parametrize("kind", [Delete, GetQuotaRoot, Subscribe, Unsubscribe])
def test_any_name_reaches_the_server(kind: type[Mailboxed]) -> None:
    for name in ("a", "", 'a"b', "Entwürfe", "NIL", "a/b c", "x" * 1500, "\uefff"):
        assert read_command(encoded(kind(name))) == kind(name)


@pytest.mark.parametrize("kind", [Delete, GetQuotaRoot, Subscribe, Unsubscribe])
def test_cr_lf_and_nul_are_refused(kind: type[Mailboxed]) -> None:
    for name in ("a\r\nA2 LOGOUT", "a\nb", "a\0b"):
        with pytest.raises(LocalProtocolError):
            encoded(kind(name))
