"""What goes wrong is one sentence that names the thing, with exit 1, and nothing is lost."""

from __future__ import annotations

import fcntl
import os
import shlex
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.program import Program
from tests.helpers.server import PASSWORD, ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def desk(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A profile with an IMAP account, a POP3 account and a message, and files beside it."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "password").write_text(PASSWORD + "\n")
    (folder / "empty").touch()
    (folder / "octets").write_bytes(bytes(range(256)))
    (folder / "folder").mkdir()
    program = Program(folder / "profile")
    for user, kind in (("alice", "imap"), ("bob", "pop3")):
        added = program.add_account(server, user, folder / "password", kind=kind)
        assert added.status == 0, added.err
    program.ok("send", "--account", "alice-imap", "--to", "alice@localhost", "--body", "Hello")
    program.ok("sync")
    return program


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    return path


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "profile")


def is_one_sentence(text: str) -> bool:
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("desktopmail: ") and "Traceback" not in text


_IDS = "`desktopmail list` shows the ids"
_ACCOUNTS = "There are alice-imap, bob-pop3."
_MAILBOXES = "There are Archive, Drafts, INBOX, Junk, Sent, Trash."
_ALICE = "--account alice-imap"
_SENT = f"send {_ALICE} --to alice@localhost"
# What is typed, the exit status, and what is said of it: which thing, and what to do. In what is
# typed, DIR is the folder beside the profile.
_WRONG = [
    ("list nosuch", 1, f"There is no mailbox nosuch. {_MAILBOXES}"),
    ("list ''", 1, f"There is no mailbox ''. {_MAILBOXES}"),
    ("list INBOX --account zz", 1, f"No account is called zz. {_ACCOUNTS}"),
    ("list INBOX --account zz --json", 1, f"No account is called zz. {_ACCOUNTS}"),
    ("mailboxes zz", 1, _ACCOUNTS),
    ("sync zz", 1, _ACCOUNTS),
    ("transcript zz", 1, _ACCOUNTS),
    *(
        (f"account {what}", 1, f"No account is called zz. {_ACCOUNTS}")
        for what in ("show zz", "remove zz", "check zz", "password zz", "edit zz --name x",
                     "policy zz headers", "leave zz forever",
                     "switch zz --to pop3 --server localhost:110")
    ),
    ("account edit alice-imap", 2, "Say what to change"),
    ("account edit alice-imap --name ''", 2, "An account needs a name"),
    ("account edit alice-imap --name bob-pop3", 1, "Choose another name with --name."),
    ("account edit alice-imap --ca-file DIR/octets", 2, "octets holds no certificate in PEM"),
    ("account edit alice-imap --ca-file DIR/folder", 2, "folder cannot be read: Is a directory"),
    ("account edit alice-imap --ca-file DIR/none", 2, "none cannot be read: No such file"),
    ("account edit alice-imap --password-file DIR/octets", 1, "octets"),
    ("account edit alice-imap --password-file DIR/empty", 1, "empty is empty"),
    ("account edit alice-imap --password-file DIR/none", 2, "none is not there"),
    ("account edit alice-imap --password-file DIR/folder", 2, "folder is not a file"),
    ("account edit alice-imap --server 127.0.0.1:1", 1, "127.0.0.1:1 refuses the connection. Che"),
    ("account edit alice-imap --proxy nosuch", 1, "“nosuch” is no proxy. Write it as socks5://"),
    ("account policy alice-imap nosuch", 2, "none of everything, headers and days:N"),
    ("account leave bob-pop3 days:x", 1, "there are forever, days:N and until-deleted"),
    ("account password alice-imap", 1, "No password came on standard input"),
    ("account discover nosuch", 2, "nosuch is not an address, as in anna@example.org"),
    ("show 999", 1, f"There is no message 999; {_IDS}"),
    ("show 999 --json", 1, f"There is no message 999; {_IDS}"),
    ("show first", 2, "first is not an id"),
    ("show 1 --save DIR/password", 1, "No file came with message 1"),
    *(
        (f"{what} 999{rest}", 1, f"There is no message 999; {_IDS}")
        for what, rest in (
            ("reply", " --body x"), ("flag", " --add seen"), ("tag", " --add x"),
            ("move", f" --to Sent {_ALICE}"), ("copy", f" --to Sent {_ALICE}"), ("delete", ""),
            ("archive", ""), ("receipt", ""), ("unsubscribe", ""),
            ("export --mbox DIR/mbox", ""),
        )
    ),
    ("flag 1 --add deleted", 2, "`desktopmail delete`"),
    ("move 1 --to nosuch", 1, f"There is no mailbox nosuch. {_MAILBOXES}"),
    ("move 1 --from nosuch --to Sent", 1, f"There is no mailbox nosuch. {_MAILBOXES}"),
    ("search from:", 1, "from: has no value; write it without a space, as in from:ben."),
    ("search after:31.1.2026", 1, "after:31.1.2026 is not a date; write it as after:2026-01-31."),
    ("search after:2026-02-30 --json", 1, "write it as after:2026-01-31."),
    ("search larger:x", 1, "write it as larger:10M."),
    ("search is:nice", 1, "is:nice is not known; there are"),
    ("search '(a'", 1, 'opens a parenthesis "(" that it never closes'),
    ("search --account zz a", 1, _ACCOUNTS),
    ("mailbox create X", 2, "Say in which account with --account: alice-imap and bob-pop3."),
    (f"mailbox create a//b {_ALICE}", 1, "A mailbox needs a name, also before and behind /."),
    (f"mailbox create INBOX {_ALICE}", 1, "There is a mailbox INBOX already."),
    *((f"mailbox {what} nosuch", 1, _MAILBOXES) for what in ("delete", "empty", "subscribe")),
    ("mailbox rename nosuch X", 1, _MAILBOXES),
    ("mailbox rename INBOX X", 1, "say one with --account"),
    ("send --to alice@localhost", 1, "--account: alice-imap and bob-pop3."),
    ("send --account zz --to alice@localhost", 1, _ACCOUNTS),
    (f"{_SENT} --attach DIR/none", 1, "none cannot be read: No such file or directory."),
    (f"{_SENT} --attach DIR/folder", 1, "folder cannot be read: Is a directory."),
    (f"send {_ALICE} DIR/none", 1, "none cannot be read: No such file or directory."),
    (f"send {_ALICE} DIR/empty", 1, "The message DIR/empty is empty."),
    (f"send {_ALICE} -", 1, "The message on standard input is empty."),
    (f"send {_ALICE} --to nobody@localhost", 1, "`desktopmail outbox retry 2` or `cancel 2`."),
    (f"{_SENT} --delay x", 2, "x is not a number of seconds"),
    ("tags remove nosuch", 1, "There is no tag nosuch. `desktopmail tags list` shows which there"),
    ("tags set x --colour red", 1, "red is not a colour. Write it as #3d7bd9."),
    ("outbox cancel 99", 1, "`desktopmail outbox list` shows the ids"),
    ("operations retry 99", 1, "`desktopmail operations list` shows the ids"),
    ("questions answer 99 yes", 1, "`desktopmail questions list` shows the ids"),
    ("contacts remove 99", 1, "`desktopmail contacts list` shows the ids"),
    ("contacts add nosuch", 1, "nosuch is not an address, as in anna@example.org."),
    ("contacts import DIR/none", 1, "none cannot be read: No such file or directory."),
    ("contacts import DIR/folder", 1, "folder cannot be read: Is a directory."),
    ("contacts import DIR/octets", 1, "There is no vCard in DIR/octets."),
    ("contacts export DIR/none/x", 1, "DIR/none/x cannot be written: No such file or directory."),
    ("identity remove 99", 1, "`desktopmail identity list` shows the ids"),
    ("identity set alice-imap --address nosuch", 1, "nosuch is not an address, as in"),
    ("undo nosuch", 1, "'nosuch' is no token; a command that can be taken back says its own."),
    ("export --mbox DIR/mbox", 2, "Name one mailbox, messages by their ids, or an --account."),
    ("export --mbox DIR/none/x 1", 1, "cannot be written: No such file or directory. Name another"),
    ("export --maildir DIR/password 1", 1, "password cannot be written: Not a directory. Name ano"),
    (f"import DIR/none --to Archive {_ALICE}", 1, "There is no DIR/none to read messages from."),
    (f"import DIR/octets --to Archive {_ALICE}", 1, "octets holds no message: it begins with no"),
    (f"import DIR/folder --to Archive {_ALICE}", 1, "Name an mbox, a Maildir, or a folder with"),
    ("import DIR/password --to nosuch", 1, f"There is no mailbox nosuch. {_MAILBOXES}"),
    ("backup DIR/password", 1, "DIR/password failed: Not a directory. Name another place."),
    ("backup DIR/password/x", 1, "Not a directory. Name another place."),
    ("backup DIR/profile", 1, "DIR/profile is not empty. Name a new folder."),
    ("proxy nosuch", 1, "Write it as socks5://HOST:PORT"),
    ("vault", 1, "No pass phrase came on standard input"),
    ("account discover a@nosuch", 1, "`desktopmail account add` takes them; without a network"),
    ("demo --screenshot DIR/none/x.png", 1, "there is no folder DIR/none. Name another place."),
    ("demo --screenshot DIR/folder", 1, "DIR/folder cannot be written: that is a folder. Name"),
    ("nosuch", 2, "there is no command nosuch. See desktopmail --help."),
    ("tags nosuch", 2, "there are list, set and remove"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "status", "words"), _WRONG, ids=[typed for typed, _, _ in _WRONG]
)
def test_what_is_typed_wrongly_is_one_sentence_with_a_remedy(
    typed: str, status: int, words: str, desk: Program
) -> None:
    folder = str(desk.profile.parent)
    run = desk.run(*shlex.split(typed.replace("DIR", folder)))
    assert run.status == status, (run.out, run.err)
    (line,) = run.err.splitlines()
    assert line.startswith("desktopmail")
    assert words.replace("DIR", folder) in line
    assert run.out == ""
    assert not (desk.profile.parent / "mbox").exists()


def test_a_mailbox_of_a_search_that_there_is_not_is_said(desk: Program) -> None:
    run = desk.ok("search", "in:nosuch", "account:zz", "--json")
    assert run.json == []
    assert "There is no mailbox nosuch; `desktopmail mailboxes` shows them.\n" in run.err
    assert "There is no account zz; `desktopmail account list` shows them.\n" in run.err


def test_output_that_has_no_room_is_named(desk: Program) -> None:
    for command in (["list", "INBOX"], ["list", "INBOX", "--json"], ["show", "1", "--raw"]):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "desktopmail", "--profile", str(desk.profile), *command],
                stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
            )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr == (
            "desktopmail: Standard output cannot be written: No space left on device."
            " Have it go to another place.\n"
        )


def test_a_profile_of_a_newer_version_is_left_to_it(program: Program) -> None:
    program.ok("contacts", "add", "ben@example.org")
    program.kill_engine()
    with closing(sqlite3.connect(program.profile / "mail.db")) as database:
        database.execute("PRAGMA user_version = 999")
    for command in (["doctor", "--repair"], ["contacts", "remove", "1"]):
        run = program.run(*command)
        assert run.status == 1
        assert is_one_sentence(run.err), run.err
        assert "newer desktopmail" in run.err
        assert run.err.endswith("Install the newer desktopmail again.\n")
    assert "ben@example.org" in program.ok("contacts", "list").out


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_a_wrong_password_is_named_and_nothing_is_saved(
    kind: str, server: ServerProcess, program: Program, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not this\n")
    run = program.add_account(server, "alice", wrong, kind=kind)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert "password" in run.err.lower()
    assert "not this" not in run.err
    assert program.ok("account", "list", "--json").json == []


def test_a_server_that_is_not_there_is_named(program: Program, password: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        run = program.run(
            "account", "add", "--address", "a@example.org", "--imap", f"127.0.0.1:{port}",
            "--smtp", f"127.0.0.1:{port}", "--security", "none",
            "--password-file", str(password),
        )  # fmt: skip
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert f"127.0.0.1:{port}" in run.err


def test_a_server_that_went_away_leaves_what_was_fetched(
    program: Program, password: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with server_process(folder) as running:
        assert program.add_account(running, "alice", password).status == 0
        program.ok("send", "--to", "alice@localhost", "--subject", "Still here")
        program.ok("sync")
        before = program.ok("list", "INBOX", "--json").json
        assert [row["subject"] for row in before] == ["Still here"]
    run = program.run("sync")
    assert run.status == 1
    assert is_one_sentence(run.err) or "127.0.0.1" in run.out, (run.out, run.err)
    assert program.ok("list", "INBOX", "--json").json == before
    assert "Still here" in program.ok("show", str(before[0]["id"])).out


def test_a_port_in_use_is_named_by_the_server(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [
                sys.executable, "-m", "localserver", "serve", "--memory", "--imap", str(port),
                "--smtp", "0", "--submission", "0", "--submissions", "0", "--pop3", "0",
                "--pop3s", "0", "--imaps", "0", "--api", "-1",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_unreadable_settings_are_named_with_their_place(
    server: ServerProcess, program: Program, password: Path
) -> None:
    program.profile.mkdir()
    (program.profile / "settings.toml").write_text("this is = = not toml\n")
    run = program.add_account(server, "alice", password)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert "settings.toml" in run.err


def test_a_damaged_store_is_named_and_left_alone(
    server: ServerProcess, program: Program, password: Path
) -> None:
    program.profile.mkdir()
    damaged = b"This is not a database, and it has been here for years.\n" * 100
    (program.profile / "mail.db").write_bytes(damaged)
    run = program.add_account(server, "alice", password)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert "mail.db" in run.err or str(program.profile) in run.err
    assert (program.profile / "mail.db").read_bytes() == damaged


def test_a_profile_in_use_by_another_is_named(
    server: ServerProcess, program: Program, password: Path
) -> None:
    program.profile.mkdir()
    with (program.profile / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        run = program.add_account(server, "alice", password)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert str(program.profile) in run.err


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is mounted, which takes root")
def test_a_full_disk_is_named_and_what_was_here_stays(
    server: ServerProcess, program: Program, password: Path, tmp_path: Path
) -> None:
    program.profile.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(program.profile)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine mounts no tmpfs")
    try:
        assert program.add_account(server, "bob", password).status == 0
        program.ok("send", "--to", "bob@localhost", "--subject", "Small")
        program.ok("sync")
        before = program.ok("list", "INBOX", "--json").json
        big = tmp_path / "big.bin"
        big.write_bytes(os.urandom(4_000_000))
        # Another profile sends it, for this one has no room for it.
        other = Program(tmp_path / "other")
        assert other.add_account(server, "alice", password).status == 0
        other.ok("send", "--to", "bob@localhost", "--subject", "Big", "--attach", str(big))
        run = program.run("sync")
        assert run.status == 1, run.out
        assert "full" in (run.err + run.out).lower() or "no room" in (run.err + run.out).lower()
        assert "Traceback" not in run.err
        kept = program.ok("list", "INBOX", "--json").json
        assert [row["subject"] for row in kept if row["subject"] != "Big"] == ["Small"]
        assert "Small" in program.ok("show", str(before[0]["id"])).out
    finally:
        subprocess.run(["umount", "-l", str(program.profile)], check=True)
