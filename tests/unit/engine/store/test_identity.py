"""An account has at least one identity; one of them is the default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import SetIdentity
from desktopmail.door.ids import IdentityId
from desktopmail.door.interface import DoorError
from desktopmail.door.reader import SqliteReader
from desktopmail.engine.store import identity
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path


async def test_an_account_begins_with_the_identity_of_its_address(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        reader = SqliteReader(store.profile)
        (row,) = reader.identities(account_id)
        assert (row.address, row.default) == ("work@example.org", True)
        with pytest.raises(DoorError, match="one identity at the least"):
            await store.write(lambda tx: identity.remove(tx, row.id))
        reader.close()


async def test_identities_are_added_changed_and_one_is_the_default(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        reader = SqliteReader(store.profile)
        new = SetIdentity(
            account_id=account_id, name="Anna B.", address="shop@example.org",
            reply_to="reply@example.org", signature_text="Anna", signature_html="<b>Anna</b>",
        )  # fmt: skip
        made = await store.write(lambda tx: identity.put(tx, new))
        assert [row.default for row in reader.identities()] == [True, False]
        changed = SetIdentity(
            account_id=account_id, identity_id=made, address="shop@example.org", default=True
        )
        await store.write(lambda tx: identity.put(tx, changed))
        first, second = reader.identities()
        assert (first.id, first.default, first.name, first.signature_html) == (made, True, "", "")
        await store.write(lambda tx: identity.remove(tx, second.id))
        assert [row.id for row in reader.identities()] == [made]
        reader.close()


@pytest.mark.parametrize(("address", "reply_to"), [("", ""), ("anna", ""), ("a@b.example", "x")])
async def test_what_is_no_address_is_refused(address: str, reply_to: str, tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        bad = SetIdentity(account_id=account_id, address=address, reply_to=reply_to)
        with pytest.raises(DoorError, match="address"):
            await store.write(lambda tx: identity.put(tx, bad))


async def test_an_identity_that_is_gone_is_not_changed(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        gone = SetIdentity(
            account_id=account_id, identity_id=IdentityId(99), address="a@example.org"
        )
        with pytest.raises(DoorError, match="no identity 99"):
            await store.write(lambda tx: identity.put(tx, gone))
        with pytest.raises(DoorError, match="no identity 99"):
            await store.write(lambda tx: identity.remove(tx, IdentityId(99)))
