"""`localserver import` and `export`."""

from __future__ import annotations

import imaplib
from typing import TYPE_CHECKING

import pytest

from localserver.cli.program import run
from localserver.exchange.mbox import write_mbox
from localserver.local import LocalServer
from tests.helpers.exchange import DIFFICULT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with LocalServer({"alice": "s"}, data=folder) as server:
        assert server.messages("alice") == []
    return folder


@pytest.mark.parametrize("kind", ["mbox", "maildir", "eml"])
def test_mail_goes_in_and_comes_out_as_it_was(tmp_path: Path, data: Path, kind: str) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        write_mbox(file, DIFFICULT)
    where = ["--data", str(data), "--user", "alice"]
    assert run(["import", str(source), *where, "--mailbox", "Old/2020"]) == 0
    target = str(tmp_path / "out")
    assert run(["export", target, *where, "--mailbox", "Old/2020", "--format", kind]) == 0
    assert run(["import", target, *where, "--mailbox", "Again"]) == 0
    with LocalServer({"alice": "s"}, data=data) as server:
        found = server.messages("alice", "Again")
    key = [(each.octets, each.flags, each.internal_date) for each in found]
    wanted = [(each.octets, each.flags, each.internal_date) for each in DIFFICULT]
    assert sorted(key, key=repr) == sorted(wanted, key=repr)


def test_nobody_and_nothing_are_named(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "no.eml"
    source.write_bytes(b"x")
    assert run(["import", str(source), "--data", str(data), "--user", "mallory"]) == 1
    assert "no user 'mallory'" in capsys.readouterr().err
    assert run(["export", str(source), "--data", str(data), "--user", "alice"]) == 1
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["mbox", "maildir", "eml"])
def test_an_export_of_a_mailbox_that_is_not_there_leaves_nothing(
    tmp_path: Path, data: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out"
    where = ["--data", str(data), "--user", "alice", "--mailbox", "Nope", "--format", kind]
    assert run(["export", str(target), *where]) == 1
    said = capsys.readouterr().err
    assert said.startswith("localserver: There is no mailbox 'Nope'; there are ")
    assert "INBOX" in said
    assert not target.exists()


def test_what_was_imported_before_a_damaged_message_is_said(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "box"
    source.write_bytes(b"From a@x \n\nfine\n\n" * 150 + b"From a@x \nX-Localserver: {}\n\nx\n")
    assert run(["import", str(source), "--data", str(data), "--user", "alice"]) == 1
    said = capsys.readouterr().err
    assert "message 151" in said
    assert said.endswith("150 messages before it were imported.\n")


def test_mail_of_unix_files_is_served_with_the_line_ends_of_the_wire(
    tmp_path: Path, data: Path
) -> None:
    source = tmp_path / "box"
    source.write_bytes(b"From a@x Mon Feb  7 21:52:25 1994\nSubject: x\n\n.\nFromage\n\n")
    assert run(["import", str(source), "--data", str(data), "--user", "alice"]) == 0
    with LocalServer({"alice": "s"}, data=data) as server:
        client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
        client.login("alice", "s")
        client.select()
        _, found = client.fetch("1", "(INTERNALDATE RFC822)")
        client.logout()
    assert b'INTERNALDATE " 7-Feb-1994 21:52:25 +0000"' in found[0][0]
    assert found[0][1] == b"Subject: x\r\n\r\n.\r\nFromage\r\n"


@pytest.mark.parametrize("kind", ["mbox", "maildir", "eml"])
def test_a_whole_account_goes_out_and_comes_in_once_however_often_it_is_imported(
    tmp_path: Path, data: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        write_mbox(file, [*DIFFICULT, DIFFICULT[0]])
    where = ["--data", str(data), "--user", "alice"]
    for name in ("INBOX", "Old", "old", "Old/Größe: 1"):
        assert run(["import", str(source), *where, "--mailbox", name]) == 0
    other = tmp_path / "other"
    with LocalServer({"bob": "s"}, data=other) as server:
        server.deliver("bob", DIFFICULT[0].octets)
    out = str(tmp_path / "out")
    assert run(["export", out, *where, "--all", "--format", kind]) == 0
    assert run(["export", out, *where, "--all", "--format", kind]) == 1
    assert "is not empty" in capsys.readouterr().err
    into = ["--data", str(other), "--user", "bob"]
    assert run(["import", out, *into]) == 0
    assert "27 messages were imported, 1 was there already." in capsys.readouterr().out
    assert run(["import", out, *into, "--json"]) == 0
    assert '{"messages": 0, "present": 28, "mailboxes": 9}' in capsys.readouterr().out
    with LocalServer({"alice": "s"}, data=data) as server:
        wanted = {name: _stored(server, "alice", name) for name in ("Old", "old", "Old/Größe: 1")}
    with LocalServer({"bob": "s"}, data=other) as server:
        assert {name: _stored(server, "bob", name) for name in wanted} == wanted
        assert len(server.messages("bob")) == 7


def test_of_an_export_of_several_the_named_mailboxes_are_imported(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(data), "--user", "alice"]
    out = str(tmp_path / "out")
    assert run(["export", out, *where, "--mailbox", "INBOX", "--mailbox", "Sent"]) == 0
    assert run(["import", out, *where, "--mailbox", "Drafts"]) == 1
    assert "no mailbox 'Drafts' in" in capsys.readouterr().err
    assert run(["import", out, *where, "--mailbox", "Sent", "--mailbox", "inbox"]) == 0
    assert run(["import", f"{out}/0001-INBOX.mbox", *where, "--mailbox=a", "--mailbox=b"]) == 2
    assert capsys.readouterr().err.endswith("one --mailbox. See localserver import --help.\n")
    assert run(["export", out, *where, "--mailbox", "INBOX", "--all"]) == 2


def _stored(server: LocalServer, user: str, mailbox: str) -> list[tuple[object, ...]]:
    found = server.messages(user, mailbox)
    stored = [(each.octets, each.flags, each.internal_date) for each in found]
    return sorted(stored, key=lambda each: (each[0], each[2]))
