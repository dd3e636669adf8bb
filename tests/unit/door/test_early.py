from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.early import early_reader
from desktopmail.door.profile import Profile
from desktopmail.engine.store import schema
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_store_is_read_before_its_engine_runs(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(add_account)
    reader = early_reader(Profile.at(tmp_path))
    assert reader is not None
    assert len(reader.accounts()) == 1
    reader.close()


def test_a_fresh_profile_waits_for_its_engine(tmp_path: Path) -> None:
    assert early_reader(Profile.at(tmp_path / "none")) is None


@pytest.mark.parametrize("version", [9, 14])
async def test_a_store_without_the_indexes_of_searches_waits_for_its_engine(
    tmp_path: Path, version: int
) -> None:
    """A search would ask for indexes, or for words of one, that it has not."""
    profile = Profile.at(tmp_path)
    connection = apsw.Connection(str(profile.database))
    schema.upgrade(connection, to=version)
    connection.close()
    assert early_reader(profile) is None
    async with open_store(tmp_path):
        pass
    reader = early_reader(profile)
    assert reader is not None
    reader.close()


def test_a_store_that_cannot_be_read_is_left_to_the_engine(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    profile.database.write_bytes(b"not a database" * 100)
    assert early_reader(profile) is None
