"""A whole session from the command line, and every artefact of it searched for the password."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.program import Program
from tests.helpers.server import PASSWORD, server_process

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
WRONG = "not the one that it is"


def forms(password: str) -> Iterable[bytes]:
    """As it is, and as SASL and HTTP carry it."""
    for user in ("alice", "bob"):
        yield base64.b64encode(f"\0{user}\0{password}".encode()).rstrip(b"=")
    yield base64.b64encode(password.encode()).rstrip(b"=")
    yield password.encode()


@pytest.mark.parametrize(("kind", "auth"), [("imap", "plain"), ("pop3", "auto")])
def test_no_artefact_of_a_whole_session_holds_a_password(
    kind: str, auth: str, tmp_path: Path
) -> None:
    secrets, server_folder = tmp_path / "secrets", tmp_path / "server"
    secrets.mkdir()
    server_folder.mkdir()
    right, wrong = secrets / "right", secrets / "wrong"
    right.write_text(PASSWORD + "\n")
    wrong.write_text(WRONG + "\n")
    program = Program(tmp_path / "profile")
    runs = []
    with server_process(server_folder) as server:
        where = [
            "--address", "alice@localhost", f"--{kind}", f"127.0.0.1:{server.ports[kind]}",
            "--smtp", f"127.0.0.1:{server.ports['submission']}", "--security", "none",
            "--user", "alice", "--auth", auth,
        ]  # fmt: skip
        runs.append(program.run("account", "add", *where, "--password-file", str(wrong)))
        assert runs[-1].status == 1
        runs.append(
            program.run(
                "account", "add", *where, "--name", "wrong", "--no-check",
                "--password-file", str(wrong),
            )
        )  # fmt: skip
        runs.append(
            program.ok("account", "add", *where, "--name", "right", "--password-file", str(right))
        )
        runs.append(program.run("sync"))
        runs.append(
            program.ok("send", "--account", "right", "--to", "bob@localhost", "--subject", "hello",
                       stdin="hello\n")
        )  # fmt: skip
        commands = (
            ("account", "check", "right", "--json"),
            ("account", "check", "wrong", "--json"),
            ("account", "show", "wrong", "--json"),
            ("questions", "list", "--json"),
            ("outbox", "list", "--json"),
            ("transcript", "right", "--json"),
            ("transcript", "wrong"),
        )
        runs += [program.run(*command) for command in commands]
        engine = Path(f"/proc/{program.engine_pid()}")
        process = [(engine / "cmdline").read_bytes(), (engine / "environ").read_bytes()]
    artefacts = {
        "output": "".join(run.out + run.err for run in runs).encode(),
        "arguments": process[0],
        "environment": process[1],
        **{str(path): path.read_bytes() for path in program.profile.rglob("*") if path.is_file()},
    }
    assert b"AUTH" in artefacts["output"]  # the transcripts are among it
    for name, octets in artefacts.items():
        for password in (PASSWORD, WRONG):
            for form in forms(password):
                assert form not in octets, f"{form!r} in {name}"
