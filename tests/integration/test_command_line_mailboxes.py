"""Mailboxes of all accounts, moves between them, people, and the store as files."""

from __future__ import annotations

import imaplib
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.sqlite import open_read_only
from desktopmail.engine.store import schema
from tests.helpers.program import Program
from tests.helpers.server import PASSWORD, ServerProcess
from tests.helpers.store import mail
from tests.house.test_json import documented

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def append(server: ServerProcess, user: str, mailbox: str, subject: str) -> None:
    octets = (
        f"From: zoe@example.org\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nHi\r\n"
    )
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login(user, PASSWORD)
        client.append(mailbox, None, None, octets.encode())  # type: ignore[arg-type]


def fold(database: Path) -> None:
    """Bring a database into one file."""
    connection = apsw.Connection(str(database))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def subjects(program: Program, mailbox: str, *more: str) -> list[str]:
    rows = program.ok("list", mailbox, *more, "--json").json
    return sorted(row["subject"] for row in rows)


def the_id(program: Program, subject: str) -> str:
    rows = program.ok("search", f"subject:{subject}", "--json").json
    return str(rows[0]["id"])


def test_inbox_drafts_sent_and_archive_are_those_of_all_accounts(
    program: Program, server: ServerProcess, tmp_path: Path
) -> None:
    """Whatever a server calls them: carol's are in German, and one of hers has the other's name."""
    password = tmp_path / "password"
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("carol", PASSWORD)
        for name, use in (("Gesendet", "Sent"), ("Archiv", "Archive"), ("Entwürfe", "Drafts")):
            client.delete(use)
            encoded = name.replace("ü", "&APw-")
            assert client.xatom("CREATE", encoded, f"(USE (\\{use}))")[0] == "OK"
    added = program.add_account(server, "carol", password)
    assert added.status == 0, added.err
    for user, where in (("alice", ("Sent", "Archive", "Drafts")),
                        ("carol", ("Gesendet", "Archiv", "Entw&APw-rfe"))):  # fmt: skip
        for mailbox in ("INBOX", *where):
            append(server, user, mailbox, f"{user}-{mailbox[:4]}")
    append(server, "bob", "INBOX", "bob-INBO")
    program.ok("sync")
    assert subjects(program, "inbox") == ["alice-INBO", "bob-INBO", "carol-INBO"]
    assert subjects(program, "sent") == ["alice-Sent", "carol-Gese"]
    assert subjects(program, "Archive") == ["alice-Arch", "carol-Arch"]
    assert subjects(program, "drafts") == ["alice-Draf", "carol-Entw"]
    assert subjects(program, "sent", "--account", "carol-imap") == ["carol-Gese"]
    assert subjects(program, "Gesendet") == ["carol-Gese"]
    # A file is written of one.
    assert "1 message exported" in program.ok("export", "--mbox", "-", "Gesendet").err
    refused = program.run("export", "--mbox", "-", "sent")
    assert (refused.status, refused.out) == (1, "")
    assert "say one with --account" in refused.err


@pytest.mark.parametrize(
    ("source", "target"), [("alice-imap", "bob-pop3"), ("bob-pop3", "alice-imap")]
)
def test_a_message_is_moved_to_another_account_and_back(
    program: Program, server: ServerProcess, source: str, target: str
) -> None:
    append(server, source.partition("-")[0], "INBOX", "wanders")
    program.ok("sync")
    letter = the_id(program, "wanders")
    program.ok("flag", letter, "--add", "flagged")
    moved = program.ok("move", letter, "--to", "Archive", "--account", target, "--json").json
    program.ok("sync")
    assert subjects(program, "INBOX", "--account", source) == []
    (row,) = program.ok("list", "Archive", "--account", target, "--json").json
    assert (str(row["id"]), row["flags"]) == (letter, ["flagged"])
    assert program.ok("operations", "list", "--json").json == []
    assert moved["label"] == "1 message moved to Archive"
    back = program.run("undo", moved["undo"])
    assert back.status == 0, back.err
    program.ok("sync")
    program.ok("sync")
    assert subjects(program, "INBOX", "--account", source) == ["wanders"]
    assert subjects(program, "Archive", "--account", target) == []


def test_disk_use_is_said_for_each_account(program: Program, server: ServerProcess) -> None:
    append(server, "alice", "INBOX", "one")
    program.ok("sync")
    use = program.ok("disk", "--json").json
    assert set(use) == documented("`disk`")
    alice, bob = use["accounts"]
    assert (alice["messages"], bob["messages"], bob["octets"]) == (1, 0, 0)
    assert 0 < alice["octets"] < use["contents_octets"]
    text = program.ok("disk").out
    assert text.startswith(f"alice-imap: 1 message, {alice['octets']} B\n")
    program.ok("delete", the_id(program, "one"), "--permanently")
    program.ok("sync")
    assert "given back to the disk." in program.ok("disk", "--compact").out
    assert program.ok("disk", "--json").json["accounts"][0]["messages"] == 0


def test_a_backup_that_is_made_while_mail_comes_is_whole(
    program: Program, server: ServerProcess, tmp_path: Path
) -> None:
    for number in range(40):
        append(server, "alice", "INBOX", f"mail-{number}")
    syncing = threading.Thread(target=program.ok, args=("sync",))
    syncing.start()
    copies = [tmp_path / f"backup-{number}" for number in range(3)]
    for copy in copies:
        program.ok("backup", str(copy))
    syncing.join()
    assert len(subjects(program, "INBOX", "--account", "alice-imap")) == 40
    program.ok("backup", str(tmp_path / "last"))
    for copy in (*copies, tmp_path / "last"):
        kept = Program(copy)
        assert kept.ok("doctor").out == "The store is sound.\n"
        for row in kept.ok("list", "INBOX", "--account", "alice-imap", "--json").json:
            if row["has_octets"]:
                assert "Hi" in kept.ok("show", str(row["id"]), "--text").out
                break
    assert len(subjects(kept, "INBOX", "--account", "alice-imap")) == 40
    again = program.run("backup", str(copies[0]))
    assert (again.status, again.out) == (1, "")
    assert "is not empty. Name a new folder." in again.err


def test_a_damaged_store_is_put_together_anew_by_the_doctor(
    program: Program, server: ServerProcess
) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("alice", PASSWORD)
        for number in range(60):
            octets = mail(number, body=f"word{number} " * 200)
            client.append("INBOX", None, None, octets)  # type: ignore[arg-type]
    program.ok("sync", "alice-imap")
    listing = ("list", "INBOX", "--account", "alice-imap", "--limit", "100", "--json")
    before = program.ok(*listing).json
    program.kill_engine()
    fold(program.profile / "mail.db")
    with (program.profile / "mail.db").open("r+b") as file:
        for at in range(81_920, (program.profile / "mail.db").stat().st_size, 40_960):
            file.seek(at)
            file.write(b"\xaa" * 2_000)
    found = program.run("doctor")
    assert found.status == 1
    assert "is damaged: " in found.out + found.err  # it may not even open
    assert "doctor --repair" in found.err
    repaired = program.ok("doctor", "--repair")
    assert "was put together anew of what could be read" in repaired.out
    program.ok("sync", "alice-imap")
    assert program.ok("doctor").out == "The store is sound.\n"
    after = program.ok(*listing).json
    subjects = sorted(row["subject"] for row in before)
    assert sorted(row["subject"] for row in after) == subjects
    assert all(row["has_octets"] for row in after)


def test_the_doctor_ends_with_1_while_something_is_damaged(program: Program) -> None:
    program.ok("sync")
    program.kill_engine()
    connection = apsw.Connection(str(program.profile / "mail.db"))
    connection.execute("UPDATE mailbox_total SET total = total + 7 WHERE mailbox_id = 1")
    connection.close()
    label = "Mailboxes whose counts are wrong: 1."
    found = program.run("doctor")
    assert (found.status, found.out) == (1, f"{label}\n")
    assert found.err == (
        "desktopmail: The store is damaged: `desktopmail doctor --repair` puts right what can be.\n"
    )
    as_json = program.run("doctor", "--json")
    assert (as_json.status, as_json.json) == (1, {"label": label, "damaged": 1})
    assert program.ok("doctor", "--repair", "--json").json["damaged"] == 0
    assert program.ok("doctor").out == "The store is sound.\n"


def test_a_store_without_its_first_page_is_put_together_anew(
    program: Program, server: ServerProcess
) -> None:
    append(server, "alice", "INBOX", "stays")
    program.ok("sync")
    program.kill_engine()
    fold(program.profile / "mail.db")
    with (program.profile / "mail.db").open("r+b") as file:
        file.write(b"\xaa" * 4096)
    refused = program.run("doctor")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.endswith(
        'is damaged: file is not a database. Run "desktopmail doctor --repair".\n'
    )
    repaired = program.ok("doctor", "--repair")
    assert f"the damaged one is kept as {program.profile / 'mail.damaged-1.db'}." in repaired.out
    assert program.ok("doctor", "--json").json == {"label": "The store is sound.", "damaged": 0}
    assert "stays" in subjects(program, "INBOX", "--account", "alice-imap")


def test_where_nothing_can_be_read_accounts_are_to_be_added_again(
    program: Program, server: ServerProcess
) -> None:
    append(server, "alice", "INBOX", "stays")
    program.ok("sync")
    program.kill_engine()
    fold(program.profile / "mail.db")
    size = (program.profile / "mail.db").stat().st_size
    (program.profile / "mail.db").write_bytes(b"\xaa" * size)
    repaired = program.ok("doctor", "--repair")
    assert "Add your accounts again." in repaired.out
    assert "look into the mailbox Recovered of the first account that you add." in repaired.out
    assert program.ok("account", "list", "--json").json == []


@pytest.mark.parametrize("change", ["--add", "--remove"])
def test_deleted_is_no_flag_of_a_person(
    program: Program, server: ServerProcess, change: str
) -> None:
    append(server, "alice", "INBOX", "stays")
    program.ok("sync")
    letter = the_id(program, "stays")
    for name in ("deleted", "Deleted", "\\Deleted"):
        run = program.run("flag", letter, change, name)
        assert (run.status, run.out) == (2, "")
        assert run.err == (
            "desktopmail: Messages are removed with `desktopmail delete`, not by a flag.\n"
        )
    assert subjects(program, "INBOX", "--account", "alice-imap") == ["stays"]


def test_contacts_are_kept_changed_completed_and_carried_over(
    program: Program, tmp_path: Path
) -> None:
    made = program.ok(
        "contacts", "add", "zoe@example.org", "z@example.net", "--name", "Zoë Zimmer",
        "--phone", "+49 30 1", "--note", "from the choir", "--json",
    ).json  # fmt: skip
    contact = str(made["id"])
    program.ok("contacts", "add", "--id", contact, "--organisation", "Choir")
    (row,) = program.ok("contacts", "list", "zim", "--json").json
    assert set(row) == documented("`contacts list`")
    assert row["addresses"] == ["zoe@example.org", "z@example.net"]
    assert (row["name"], row["organisation"], row["phones"], row["note"]) == (
        "Zoë Zimmer", "Choir", ["+49 30 1"], "from the choir",
    )  # fmt: skip
    (offered, *_) = program.ok("contacts", "complete", "zo", "--json").json
    assert offered == {"name": "Zoë Zimmer", "address": "zoe@example.org"}
    cards = str(tmp_path / "cards.vcf")
    program.ok("contacts", "export", cards)
    program.ok("contacts", "remove", contact)
    assert program.ok("contacts", "list", "--json").json == []
    for said in ("1 contact taken in.", "0 contacts taken in, 1 was there already."):
        assert program.ok("contacts", "import", cards).out == f"{said}\n"
    (back,) = program.ok("contacts", "list", "--json").json
    assert {**back, "id": row["id"]} == row
    for wrong in (("remove", "999"), ("add", "--id", "999", "--name", "Nobody")):
        run = program.run("contacts", *wrong)
        said = "There is no contact 999; `desktopmail contacts list` shows the ids."
        assert (run.status, run.err) == (1, f"desktopmail: {said}\n")
    assert "is not an address" in program.run("contacts", "add", "zoe at example").err


def test_an_identity_is_added_changed_and_removed_but_for_the_last(program: Program) -> None:
    made = program.ok(
        "identity", "set", "alice-imap", "--name", "Alice A.", "--address", "sales@localhost",
        "--signature", "Alice", "--json",
    ).json  # fmt: skip
    program.ok("identity", "set", "alice-imap", "--id", str(made["id"]), "--default")
    rows = program.ok("identity", "list", "--json").json
    assert set(rows[0]) == documented("`identity list`")
    assert [(row["address"], row["default"]) for row in rows if row["account_id"] == 1] == [
        ("sales@localhost", True), ("alice@localhost", False),
    ]  # fmt: skip
    assert rows[0]["signature_text"] == "Alice"
    program.ok("identity", "remove", str(made["id"]))
    (left, _) = program.ok("identity", "list", "--json").json
    assert (left["address"], left["default"]) == ("alice@localhost", True)
    refused = program.run("identity", "remove", str(left["id"]))
    assert (refused.status, refused.err) == (
        1, "desktopmail: An account needs one identity at the least.\n",
    )  # fmt: skip
    assert program.run("identity", "set", "alice-imap", "--id", "999").status == 1


@pytest.mark.parametrize("command", ["mailboxes", "outbox", "contacts"])
def test_a_store_of_an_older_version_is_brought_up_to_date_by_whatever_reads_it_first(
    command: str, tmp_path: Path
) -> None:
    program = Program(tmp_path / "profile")
    program.profile.mkdir(mode=0o700)
    with closing(apsw.Connection(str(program.profile / "mail.db"))) as store:
        store.execute("PRAGMA journal_mode = WAL").fetchall()
        schema.upgrade(store, to=9)  # what came later is read as well as the newest
    words = ["list"] if command in {"outbox", "contacts"} else []
    run = program.ok(command, *words, "--json")
    assert (run.json, run.err) == ([], "")
    # The one who brought it up to date may be closing it just now: that is waited for.
    with closing(open_read_only(program.profile / "mail.db")) as store:
        assert schema.version_of(store) == schema.VERSION
