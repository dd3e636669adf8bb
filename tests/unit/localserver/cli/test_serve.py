"""`localserver serve`: options and files become one configuration; a signal ends it in order."""

from __future__ import annotations

import imaplib
import json
import re
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from localserver.cli import serve
from localserver.cli.program import run
from localserver.cli.serve import read_users, summary
from localserver.config import DEFAULT_PORTS, IMPLICIT_TLS, STANDARD_PORTS, Config
from localserver.local import LocalServer
from localserver.users import UserError
from tests.helpers.server import PASSWORD, server_process

if TYPE_CHECKING:
    from pathlib import Path

    from localserver.faults import Fault


class Served:
    """What the command would have served."""

    config: Config
    users: list[tuple[str, str]]
    plan: list[Fault]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    found = Served()

    async def _serve(
        config: Config,
        users: list[tuple[str, str]],
        plan: list[Fault],
        _ready: Path | None,
        *,
        is_read: bool,
        until_eof: bool,
    ) -> None:
        assert not is_read  # standard error is no terminal here
        assert not until_eof  # unless it is asked for
        found.config, found.users, found.plan = config, users, plan

    monkeypatch.setattr(serve, "_serve", _serve)
    return found


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 1) -> str:
    assert run(["serve", *arguments]) == status
    said = capsys.readouterr().err
    assert said.startswith("localserver: ")
    assert said.count("\n") == 1
    return said


# ---- where the mail is kept


def test_it_has_to_be_said_where_mail_is_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "server.toml"
    file.write_text('domain = "mail.test"\n')
    for arguments in ([], ["--memory", "--data", str(tmp_path)], ["--config", str(file)]):
        assert "either --data DIR or --memory" in refusal(capsys, *arguments, status=2)


def test_memory_wins_over_the_folder_of_the_file(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'data = "{tmp_path.as_posix()}/mail"\n')
    assert run(["serve", "--config", str(file)]) == 0
    assert served.config.data == tmp_path / "mail"
    assert run(["serve", "--config", str(file), "--data", str(tmp_path / "other")]) == 0
    assert served.config.data == tmp_path / "other"
    assert run(["serve", "--config", str(file), "--memory"]) == 0
    assert served.config.data is None


# ---- options


def test_the_help_says_the_default_of_each_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--help"]) == 0
    said = re.sub(r"[\W_]+", " ", capsys.readouterr().out)  # boxes and line ends
    for name, port in DEFAULT_PORTS.items():
        implicit = " TLS" if name in IMPLICIT_TLS else ""
        assert re.search(rf" {name} \w+ Port{implicit} by default {port} ", said), name
    assert re.search(r" standard ports (\w+ )?25 587 465 110 995 143 993 ", said)


def test_without_options_the_ports_are_those_an_ordinary_user_may_open(served: Served) -> None:
    assert run(["serve", "--memory"]) == 0
    assert served.config.listen == DEFAULT_PORTS
    assert served.config == Config()
    assert (served.users, served.plan) == ([], [])


def test_standard_ports_and_single_ones_that_are_moved_or_switched_off(served: Served) -> None:
    assert run(["serve", "--memory", "--standard-ports", "--imap", "1143", "--pop3", "-1"]) == 0
    expected = {**STANDARD_PORTS, "imap": 1143}
    del expected["pop3"]
    assert served.config.listen == expected


def test_options_win_over_the_file_and_what_they_do_not_name_stays(
    tmp_path: Path, served: Served
) -> None:
    file = tmp_path / "server.toml"
    file.write_text(
        'domain = "file.test"\nstrict = true\nwithout = ["IDLE"]\nquota_octets = 5000\n'
        "[listen]\nimap = 7143\npop3 = false\n"
    )
    arguments = ["--memory", "--config", str(file), "--domain", "mail.test", "--imap", "0"]
    assert run(["serve", *arguments, "--without", "condstore", "--without", "Move"]) == 0
    config = served.config
    assert (config.domain, config.strict, config.quota_octets) == ("mail.test", True, 5000)
    assert config.without == {"CONDSTORE", "MOVE"}
    assert config.listen == {
        name: port for name, port in {**DEFAULT_PORTS, "imap": 0}.items() if name != "pop3"
    }


def test_users_come_from_options_and_from_a_file(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "users"
    file.write_text("# ours\n\nbob:se:cret\n  carol:grüße\n", "utf-8")
    assert run(["serve", "--memory", "--user", "alice:a b", "--users-file", str(file)]) == 0
    assert served.users == [("alice", "a b"), ("bob", "se:cret"), ("carol", "grüße")]


def test_a_fault_plan_is_read(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "plan.toml"
    file.write_text('[[fault]]\nprotocol = "imap"\ncommand = "FETCH"\ndrop = true\n')
    assert run(["serve", "--memory", "--fault-plan", str(file)]) == 0
    assert [(each.protocol, each.command, each.drop) for each in served.plan] == [
        ("imap", "FETCH", True)
    ]


@pytest.mark.parametrize(
    "relay", ["capture", "mx", "smarthost=mail.example:25", "smarthost=[::1]:25"]
)
def test_each_relay_is_taken(served: Served, relay: str) -> None:
    assert run(["serve", "--memory", "--relay", relay]) == 0
    assert served.config.relay == relay


# ---- what is refused, in one sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--relay", "postman"], "neither capture, mx, nor smarthost=HOST:PORT"),
        (["--relay", "smarthost=mail.example"], "is not HOST:PORT"),
        (["--relay", "smarthost=mail.example:99999"], "is not HOST:PORT"),
        (["--imap", "65536"], "--imap takes a port between 0 and 65535"),
        (["--smtp", "-2"], "--smtp takes a port between 0 and 65535"),
        (["--key", "key.pem"], "--key needs --certificate"),
        (["--quota", "0"], "--quota is at least 1"),
        (["--user", "alice"], "NAME:PASSWORD"),
        (["--user", ":secret"], "NAME:PASSWORD"),
        (["--user", "alice:"], "NAME:PASSWORD"),
    ],
)
@pytest.mark.usefixtures("served")
def test_a_wrong_option_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert sentence in refusal(capsys, "--memory", *arguments, status=2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--users-file", "missing-file"], "missing-file: No such file or directory"),
        (["--config", "missing-file"], "missing-file cannot be read: No such file"),
        (["--fault-plan", "missing-file"], "The fault plan missing-file cannot be read"),
    ],
)
@pytest.mark.usefixtures("served")
def test_a_file_that_cannot_be_read_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert sentence in refusal(capsys, "--memory", *arguments)


def test_a_password_is_not_repeated_in_a_refusal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "users"
    file.write_text("alice:fine\n:s3cret\n")
    said = refusal(capsys, "--memory", "--users-file", str(file))
    assert f"{file}, line 2: A user is given as NAME:PASSWORD." in said
    assert "s3cret" not in said
    said = refusal(capsys, "--memory", "--imap", "0", "--user", ":s3cret", status=2)
    assert "s3cret" not in said


def test_a_users_file_in_another_charset_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_bytes("alice:grüße\n".encode("latin-1"))
    with pytest.raises(UserError, match="is not UTF-8"):
        read_users(file)


def test_a_number_that_is_none_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--memory", "--imap", "many"]) == 2
    assert "--imap takes a whole number." in capsys.readouterr().err
    assert run(["serve", "--memory", "--no-such-option"]) == 2
    assert "--no-such-option" in capsys.readouterr().err


def test_a_certificate_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.pem"
    said = refusal(capsys, "--data", str(tmp_path / "data"), "--certificate", str(missing))
    assert str(missing) in said


# ---- a process


def test_the_process_says_where_it_listens_and_ends_with_0_at_sigterm(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with server_process(tmp_path, "--domain", "mail.test", "--without", "IDLE") as server:
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600
        told = json.loads(ready.read_text())
        assert told["pid"] == server.process.pid
        assert (told["domain"], told["host"]) == ("mail.test", "127.0.0.1")
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
            client.login("alice@mail.test", PASSWORD)
            assert "IDLE" not in client.capability()[1][0].decode().split()
    assert server.process.returncode == 0
    assert not ready.exists()
    printed = (tmp_path / "server.log").read_text().splitlines()
    assert [json.loads(line) for line in printed] == [told]


def test_a_second_server_on_the_same_folder_refuses_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "data")
    with server_process(tmp_path, "--data", data) as server:
        assert "Another server works on the folder" in refusal(capsys, "--data", data)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=20) == 0


# ---- users whom the configuration names


def test_a_catch_all_user_who_does_not_exist_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    free = [f"--{name}=-1" for name in DEFAULT_PORTS]
    said = refusal(capsys, "--memory", *free, "--user", "alice:x", "--catch-all", "nobody")
    assert "catch-all user 'nobody' does not exist: add it with `localserver user add`" in said
    said = refusal(capsys, "--data", str(tmp_path / "data"), *free, "--catch-all", "nobody")
    assert "catch-all user 'nobody' does not exist" in said


# ---- what a person sees


async def test_a_person_is_told_where_it_listens_and_who_can_log_in() -> None:
    async with LocalServer({"anna": "s"}, config=Config(listen={"imaps": 0})) as server:
        port = server.ports["imaps"]
        assert summary(server.server) == (
            f"On 127.0.0.1: imaps {port} (TLS).\nUsers at localhost: anna.\n"
            "Mail for elsewhere is captured: nothing leaves this machine. Ctrl+C ends it."
        )
    many = {f"user{number}": "s" for number in range(9)}
    async with LocalServer(many, config=Config(relay="smarthost=mx.test:25")) as server:
        said = summary(server.server)
        assert "user7, …\n" in said
        assert "Mail for elsewhere goes to mx.test:25." in said
    async with LocalServer() as server:
        assert "Nobody can log in yet" in summary(server.server)


def test_verbose_shows_what_is_said_without_passwords(tmp_path: Path) -> None:
    with server_process(tmp_path, "--verbose") as server:
        client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
        client.login("alice", PASSWORD)
        client.logout()
    said = (tmp_path / "server.log").read_text("utf-8")
    assert re.search(r"^imap#1 C: \w+ LOGIN alice <password>$", said, re.MULTILINE)
    assert re.search(r"^imap#1 S: \* BYE ", said, re.MULTILINE)
    assert PASSWORD not in said
    assert "asyncio" not in said
