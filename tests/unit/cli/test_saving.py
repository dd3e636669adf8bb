"""Files of a message are written into a folder, and over none that is there."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli import reading
from desktopmail.cli.context import Context
from desktopmail.cli.errors import CommandError
from desktopmail.cli.output import Output
from desktopmail.cli.saving import save
from desktopmail.mime.message import Message
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction

TWO_FILES = (
    b"Subject: plans\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nSee below.\r\n"
    b'--b\r\nContent-Disposition: attachment; filename="../plan.txt"\r\n\r\none\r\n'
    b'--b\r\nContent-Disposition: attachment; filename="plan.txt"\r\n\r\ntwo\r\n'
    b"--b--\r\n"
)


def _filled(tx: Transaction) -> None:
    put(tx, inbox_of(tx, add_account(tx)), [TWO_FILES, mail(1)])


async def test_the_files_of_a_message_are_saved_into_a_folder_that_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(tmp_path / "profile") as store:
        await store.write(partial(_filled))
        context = Context(tmp_path / "profile", Output(as_json=False))
        folder = tmp_path / "new" / "files"
        given = argparse.Namespace(id=1, headers=False, raw=False, text=False, save=folder)
        for _ in range(2):
            assert await reading._show(context, given) == 0
        given.id = 2
        with pytest.raises(CommandError, match="No file came with message 2"):
            await reading._show(context, given)
        await context.aclose()
    said = capsys.readouterr().out.splitlines()
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(map(str, folder.iterdir())) == set(said)
    assert sorted(contents.values()) == [b"one", b"one", b"two", b"two"]
    assert {"plan (2).txt", "plan (3).txt"} < set(contents)


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (first, _) = Message.parse(TWO_FILES).attachments
    with pytest.raises(FileNotFoundError):
        save(first, tmp_path / "none")
    assert not (tmp_path / "none").exists()
