"""Users are changed while a server runs on the folder, and it knows at once."""

from __future__ import annotations

import imaplib
import json
import poplib
from typing import TYPE_CHECKING

import pytest

from localserver.cli.program import run
from localserver.cli.user_admin import FolderUsers, RunningUsers, UserRow, known, users_of
from localserver.config import Config
from localserver.local import LocalServer
from localserver.store.errors import LockedError, StoreError
from localserver.users import UserError

if TYPE_CHECKING:
    from pathlib import Path


def logs_in(server: LocalServer, name: str, password: str) -> bool:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        try:
            return bool(client.login(name, password))
        except imaplib.IMAP4.error:
            return False


def test_users_are_changed_under_a_running_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, secret = tmp_path / "data", tmp_path / "secret"
    where = ["--data", str(data)]
    file = ["--password-file", str(secret)]
    secret.write_text("one\n")
    with LocalServer({"zoe": "z"}, data=data, api=True) as server:
        assert run(["user", "add", "Anna", *where, *file, "--quota", "5000"]) == 0
        assert capsys.readouterr().out == "anna was added.\n"
        assert logs_in(server, "anna", "one")
        server.deliver("anna", b"Subject: kept\r\n\r\n")
        assert run(["user", "add", "anna@localhost", *where, *file]) == 1
        assert "already" in capsys.readouterr().err
        secret.write_text("two\n")
        assert run(["user", "password", "anna", *where, *file]) == 0
        assert capsys.readouterr().out == "The password was changed.\n"
        assert not logs_in(server, "anna", "one")
        assert logs_in(server, "anna", "two")
        assert run(["user", "password", "anna", *where, "--application", "--json"]) == 0
        application = json.loads(capsys.readouterr().out)["application"]
        pop = poplib.POP3("127.0.0.1", server.ports["pop3"])
        assert pop.apop("anna", application).startswith(b"+OK")
        pop.quit()
        assert run(["user", "list", *where, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == [
            {"name": "anna", "quota_octets": 5000, "apop": True, "kept": True},
            {"name": "zoe", "quota_octets": None, "apop": True, "kept": False},
        ]
        assert run(["user", "password", "anna", *where, "--no-application"]) == 0
        # zoe was named for this run: nothing about her is at rest.
        assert run(["user", "password", "zoe", *where, *file]) == 0
        assert "for this run" in capsys.readouterr().out
        assert logs_in(server, "zoe", "two")
        assert run(["user", "password", "zoe", *where, "--application"]) == 1
        assert "named for this run" in capsys.readouterr().err
        for command in (["remove", "nobody"], ["password", "no", *file], ["remove", "a@b.test"]):
            assert run(["user", *command, *where]) == 1
            assert "`localserver user list` shows who is there." in capsys.readouterr().err
        assert run(["user", "add", "a b", *where, *file]) == 1
        assert "cannot be a user name" in capsys.readouterr().err
    with LocalServer(data=data) as server:
        assert logs_in(server, "anna", "two")
        assert not logs_in(server, "zoe", "two")
        assert server.server.context.users.known("anna").quota_octets == 5000
    with LocalServer(data=data, api=True) as server:
        assert run(["user", "remove", "Anna", *where, "--json"]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"name": "anna"}
        assert not logs_in(server, "anna", "two")
    assert run(["export", str(tmp_path / "out.mbox"), *where, "--user", "anna"]) == 0


def test_what_a_running_server_cannot_be_asked_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    where = ["--data", str(data)]
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"Subject: x\r\n\r\n")
    with LocalServer({"zoe": "z"}, data=data):  # without an administration API
        for command in (
            ["user", "list"], ["user", "remove", "zoe"], ["queue", "list"], ["check"],
            ["import", str(mail), "--user", "zoe"],
            ["export", str(tmp_path / "x"), "--user", "zoe"],
            ["snapshot", "save", str(tmp_path / "copy")],
        ):  # fmt: skip
            assert run([*command, *where]) == 1
            said = capsys.readouterr().err
            assert f"works on the folder {data}; stop it, then try again.\n" in said
            assert said.count("\n") == 1
        # The certificate is shown, but not made anew for other names under the server's feet.
        before = (data / "tls" / "server.pem").read_bytes()
        assert run(["cert", *where, "--domain", "other.test", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["made"] is False
        assert "other.test" not in told["names"]
        assert (data / "tls" / "server.pem").read_bytes() == before
    assert run(["snapshot", "save", str(tmp_path / "copy"), *where]) == 0
    with LocalServer({"zoe": "z"}, data=data):
        assert run(["snapshot", "restore", str(tmp_path / "copy"), *where]) == 1
        assert "stop it" in capsys.readouterr().err


def test_a_server_that_shows_somebody_elses_certificate_has_none_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LocalServer({"zoe": "z"}, data=tmp_path, config=Config(without=frozenset({"TLS"}))):
        assert run(["cert", "--data", str(tmp_path)]) == 1
        assert "certificate from elsewhere" in capsys.readouterr().err


async def test_both_ways_do_the_same(tmp_path: Path) -> None:
    async with users_of(tmp_path, make=True) as users:
        assert isinstance(users, FolderUsers)
        assert await users.add("Bob@localhost", "b") == UserRow("bob", None, apop=False)
        await users.set_quota("bob", 77)
        assert len(await users.make_application("bob")) == 24
        assert users.find("BOB@localhost") == UserRow("bob", 77, apop=True)
        await users.remove_application("bob")
        await users.set_password("bob", "c")
        assert users.rows() == [UserRow("bob", 77, apop=False)]
        with pytest.raises(UserError, match="There is no user 'carol'"):
            known(users, "carol")
        with pytest.raises(LockedError):
            async with users_of(tmp_path):
                pass
        await users.remove("bob")
        assert users.rows() == []
    with pytest.raises(StoreError, match="There is no folder"):
        async with users_of(tmp_path / "nothing"):
            pass


async def test_a_user_who_came_meanwhile_is_not_given_another_password(tmp_path: Path) -> None:
    with LocalServer({"zoe": "z"}, data=tmp_path, api=True) as server:
        async with users_of(tmp_path) as users:
            assert isinstance(users, RunningUsers)
            with pytest.raises(StoreError, match="There is a user 'zoe' already"):
                await users.add("zoe", "other")
        assert logs_in(server, "zoe", "z")
