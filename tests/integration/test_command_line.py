"""The command line does on a real server what it says, by IMAP and by POP3."""

from __future__ import annotations

import imaplib
import time
from typing import TYPE_CHECKING

import pytest

from tests.helpers.program import Program, Run
from tests.helpers.server import PASSWORD, ServerProcess
from tests.house.test_json import documented

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def at_server(server: ServerProcess, user: str, mailbox: str) -> list[tuple[bytes, bytes]]:
    """The flags and the subject of each message, as a foreign client sees them."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login(user, PASSWORD)
        assert client.select(mailbox, readonly=True)[0] == "OK"
        _, answers = client.fetch("1:*", "(FLAGS BODY[HEADER.FIELDS (SUBJECT)])")
        return [(part[0], part[1]) for part in answers if isinstance(part, tuple)]


def send(program: Program, subject: str, *arguments: str, to: str = "bob@localhost") -> Run:
    return program.ok(
        "send", "--account", "alice-imap", "--to", to, "--subject", subject, *arguments
    )


def only(program: Program, *arguments: str) -> dict[str, object]:
    rows = program.ok(*arguments, "--json").json
    assert len(rows) == 1, rows
    row: dict[str, object] = rows[0]
    return row


def test_a_message_with_a_file_goes_from_the_imap_to_the_pop3_account(
    program: Program, tmp_path: Path
) -> None:
    picture = tmp_path / "Grüße.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert (
        "Sent to bob@localhost"
        in send(program, "Grüße – 你好", "--body", "Hier ist es.", "--attach", str(picture)).out
    )
    program.ok("sync")
    row = only(program, "list", "INBOX", "--account", "bob-pop3")
    assert row["subject"] == "Grüße – 你好"
    assert row["has_attachment"] is True
    shown = program.ok("show", str(row["id"]), "--json").json
    assert shown["text"].strip() == "Hier ist es."
    (attachment,) = shown["attachments"]
    assert attachment["name"] == "Grüße.png"
    assert attachment["size_octets"] == 264
    raw = program.ok("show", str(row["id"]), "--headers").out
    assert "Subject: =?utf-8?" in raw.replace("UTF-8", "utf-8")
    sent = only(program, "list", "sent", "--account", "alice-imap")
    assert sent["subject"] == "Grüße – 你好"


def test_a_finished_message_is_sent_as_it_is_but_for_bcc(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(
        b"From: Alice <alice@localhost>\nTo: bob@localhost\nBcc: alice@localhost\n"
        b"Subject: as it is\nX-Odd:   three  spaces \n\n.dot\n..two\nend\n"
    )
    program.ok("send", str(path))
    program.ok("sync")
    row = only(program, "list", "INBOX", "--account", "bob-pop3")
    raw = program.ok("show", str(row["id"]), "--raw").out
    assert "X-Odd:   three  spaces \n\n.dot\n..two\nend\n" in raw
    assert "Bcc" not in raw
    assert only(program, "list", "INBOX", "--account", "alice-imap")["subject"] == "as it is"


def test_what_is_changed_here_reaches_the_server(program: Program, server: ServerProcess) -> None:
    for subject in ("one", "two", "three"):
        send(program, subject, to="alice@localhost")
    program.ok("sync")
    rows = program.ok("list", "INBOX", "--account", "alice-imap", "--json").json
    ids = {row["subject"]: str(row["id"]) for row in rows}
    assert sorted(ids) == ["one", "three", "two"]
    program.ok("flag", ids["one"], "--add", "flagged", "--add", "work", "--from", "INBOX")
    program.ok("move", ids["two"], "--to", "Archive", "--from", "INBOX")
    program.ok("delete", ids["three"], "--from", "INBOX")
    deadline = time.monotonic() + 30
    while program.ok("operations", "list", "--json").json and time.monotonic() < deadline:
        program.ok("sync")
    ((flags, subject),) = at_server(server, "alice", "INBOX")
    assert b"Subject: one" in subject
    assert b"\\Flagged" in flags
    assert b"work" in flags
    assert [b"two" in subject for _, subject in at_server(server, "alice", "Archive")] == [True]
    assert [b"three" in subject for _, subject in at_server(server, "alice", "Trash")] == [True]


def test_mailboxes_are_made_renamed_emptied_and_deleted(
    program: Program, server: ServerProcess
) -> None:
    account = ("--account", "alice-imap")
    send(program, "Kept", to="alice@localhost")
    program.ok("sync")
    row = only(program, "list", "INBOX", *account)
    program.ok("mailbox", "create", "Work", *account)
    program.ok("mailbox", "rename", "Work", "Job", *account)
    program.ok("move", str(row["id"]), "--to", "Job", "--from", "INBOX", *account)
    program.ok("sync")
    assert len(at_server(server, "alice", "Job")) == 1
    program.ok("mailbox", "unsubscribe", "Job", *account)
    program.ok("mailbox", "empty", "Job", *account)
    done = program.ok("mailbox", "delete", "Job", *account, "--json").json
    program.ok("sync")
    assert "Job" not in {box["path"] for box in program.ok("mailboxes", "--json").json}
    assert len(at_server(server, "alice", "Trash")) == 1
    program.ok("undo", done["undo"])
    program.ok("sync")
    assert "Job" in {box["path"] for box in program.ok("mailboxes", "--json").json}
    assert "needs it" in program.run("mailbox", "delete", "Sent", *account).err
    assert program.run("mailbox", "create", "No").status == 2


def test_tags_are_keywords_with_a_label(program: Program, server: ServerProcess) -> None:
    send(program, "Tagged", to="alice@localhost")
    program.ok("sync")
    row = only(program, "list", "INBOX", "--account", "alice-imap")
    program.ok("tag", str(row["id"]), "--add", "zu tun", "--add", "later", "--from", "INBOX")
    program.ok("tag", str(row["id"]), "--remove", "later", "--from", "INBOX")
    program.ok("sync")
    ((flags, _),) = at_server(server, "alice", "INBOX")
    assert b"zu_tun" in flags
    assert b"later" not in flags
    program.ok("tags", "set", "zu tun", "--label", "Aufgaben", "--colour", "#112233")
    listed = {tag["name"]: tag for tag in program.ok("tags", "list", "--json").json}
    assert (listed["zu_tun"]["label"], listed["zu_tun"]["colour"]) == ("Aufgaben", "#112233")
    assert len(program.ok("search", "tag:aufgaben", "--json").json) == 1
    program.ok("tags", "remove", "Aufgaben")
    assert program.ok("search", "tag:aufgaben", "--json").json == []


def test_a_pop3_account_leaves_messages_for_as_long_as_it_is_told(program: Program) -> None:
    assert program.ok("account", "show", "bob-pop3", "--json").json["leave"] == "forever"
    program.ok("account", "leave", "bob-pop3", "days:14")
    assert program.ok("account", "show", "bob-pop3", "--json").json["leave"] == "days:14"
    assert "fetches by IMAP" in program.run("account", "leave", "alice-imap", "forever").err


def test_search_finds_words_people_and_flags(program: Program) -> None:
    send(program, "Quinces and medlars", "--body", "The garden is full.")
    send(program, "Something else", "--body", "Nothing grows here.")
    program.ok("sync")
    for query in ("quinces", "subject:medlars", "garden full", '"garden is"', "quin*"):
        rows = program.ok("search", query, "--account", "bob-pop3", "--json").json
        assert [row["subject"] for row in rows] == ["Quinces and medlars"], query
    rows = program.ok("search", "from:alice", "-garden", "--account", "bob-pop3", "--json").json
    assert [row["subject"] for row in rows] == ["Something else"]
    assert "Nothing was found" in program.ok("search", "aardvark").out


def test_the_servers_of_an_account_are_edited_after_a_check(
    program: Program, server: ServerProcess
) -> None:
    usage = program.run("account", "edit", "alice-imap")
    assert (usage.status, usage.out) == (2, "")
    wrong = program.run("account", "edit", "alice-imap", "--server", "127.0.0.1:1")
    assert (wrong.status, wrong.out) == (1, "")
    shown = program.ok("account", "show", "alice-imap", "--json").json
    assert shown["incoming"]["port"] == server.ports["imap"]
    edited = program.ok(
        "account", "edit", "alice-imap", "--name", "home", "--auth", "plain",
        "--smtp-user", "alice", "--json",
    ).json  # fmt: skip
    assert edited == {"id": shown["id"], "name": "home"}
    shown = program.ok("account", "show", "home", "--json").json
    assert shown["incoming"]["auth"] == "plain"
    assert shown["outgoing"]["user"] == "alice"
    program.ok("sync", "home")


def test_an_account_shows_its_own_proxy_without_a_password(program: Program) -> None:
    def proxies() -> list[str]:
        shown = program.ok("account", "show", "alice-imap", "--json").json
        (listed,) = (
            each
            for each in program.ok("account", "list", "--json").json
            if each["name"] == "alice-imap"
        )
        # Its state is the engine's of that moment: between the two answers it may have changed.
        servers = [shown[side] for side in ("incoming", "outgoing")]
        assert [listed[side] for side in ("incoming", "outgoing")] == servers
        return [server["proxy"] for server in servers]

    edit = ("account", "edit", "alice-imap", "--no-check", "--proxy")
    assert proxies() == ["", ""]
    program.ok(*edit, "socks5://anna@localhost:1")
    assert proxies() == ["socks5://anna@localhost:1"] * 2
    assert "proxy socks5://anna@localhost:1\n" in program.ok("account", "show", "alice-imap").out
    for wrong in ("socks5://anna:secret@localhost:1", "localhost:1", "socks5://localhost"):
        refused = program.run(*edit, wrong)
        assert (refused.status, refused.err.count("\n")) == (1, 1)
        assert "secret" not in refused.err
    program.ok(*edit, "none")
    assert proxies() == ["none"] * 2


# What is not there, or is no such thing, and what says where to look.
WRONG = [
    ("account show nosuch", 1, "No account is called nosuch. There are "),
    ("account discover nothing", 2, "nothing is not an address, as in anna@example.org."),
    ("account edit alice-imap --ca-file /none.pem", 2, "/none.pem cannot be read: No such file"),
    ("proxy socks5://localhost", 1, "Write it as socks5://HOST:PORT or socks5://USER@HOST:PORT."),
    ("contacts remove 99", 1, "no contact 99; `desktopmail contacts list` shows the ids."),
    ("identity remove 99", 1, "no identity 99; `desktopmail identity list` shows the ids."),
    ("questions answer 99 x", 1, "no question 99; `desktopmail questions list` shows the ids."),
    ("send -", 1, "The message on standard input is empty."),
]


@pytest.mark.parametrize(("command", "status", "said"), WRONG)
def test_what_is_wrong_is_said_in_one_line_with_a_remedy(
    program: Program, command: str, status: int, said: str
) -> None:
    run = program.run(*command.split())
    assert (run.status, run.out, run.err.count("\n")) == (status, "", 1)
    assert said in run.err


def test_an_mbox_goes_to_standard_output(program: Program, tmp_path: Path) -> None:
    send(program, "Quinces", "--body", "From here on.")
    program.ok("sync")
    written = program.ok("export", "--mbox", "-", "INBOX", "--account", "bob-pop3")
    assert written.out.startswith("From MAILER-DAEMON ")
    assert "From here on.\n" in written.out
    assert "1 message exported." in written.err
    assert not (tmp_path / "-").exists()
    assert program.run("export", "--eml", "-", "INBOX", "--account", "bob-pop3").status == 2


def test_a_search_says_how_far_it_reached_and_asks_the_server_where_it_is_told_to(
    program: Program,
) -> None:
    program.ok("sync")
    assert "of which everything is here" in program.ok("search", "medlars").err
    program.ok("account", "policy", "alice-imap", "headers", "--mailbox", "INBOX")
    send(program, "One", "--body", "Quinces and medlars.", to="alice@localhost")
    program.ok("sync")
    here = program.ok("search", "medlars", "--account", "alice-imap")
    assert "Nothing was found" in here.out or "One" in here.out  # the copy in Sent is here
    assert "not everything is here of INBOX: --server asks for that too." in here.err
    elsewhere = program.ok("search", "medlars in:sent", "--account", "alice-imap").err
    assert "Searched here in 1 mailbox, of which everything is here." in elsewhere
    both = program.ok("search", "medlars", "--server")
    assert "server" in both.out
    assert "at the servers in INBOX." in both.err
    assert "bob-pop3 fetches by POP3, which cannot search" in both.err
    answer = program.ok("search", "medlars in:inbox", "--server", "--json").json
    assert [(row["subject"], row["found"]) for row in answer["messages"]] == [("One", "server")]
    assert set(answer["messages"][0]) == documented("`list`, `search`") | {"found"}
    assert set(answer["scope"]) | set(answer) == documented("`search --server`") - {"found"}
    assert answer["scope"]["fetched"] == 0
    assert len(answer["scope"]["server"]) == 1
    assert len(answer["scope"]["here"]) > 1
    refused = program.run("search", "before:yesterday", "--server")
    assert (refused.status, refused.out) == (1, "")


def test_an_account_can_be_checked_shown_and_removed(program: Program) -> None:
    steps = program.ok("account", "check", "alice-imap", "--json").json
    assert {step["server"] for step in steps} == {"incoming", "outgoing"}
    assert all(step["ok"] for step in steps)
    shown = program.ok("account", "show", "bob-pop3", "--json").json
    assert shown["kind"] == "pop3"
    assert PASSWORD not in program.ok("account", "show", "bob-pop3", "--json").out
    program.ok("account", "remove", "bob-pop3")
    names = [row["name"] for row in program.ok("account", "list", "--json").json]
    assert names == ["alice-imap"]


def test_an_account_with_mail_that_exists_only_here_goes_when_that_is_said(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(b"Subject: One\r\n\r\nHello.\r\n")
    program.ok("import", str(file), "--to", "archive", "--account", "bob-pop3")
    refused = program.run("account", "remove", "bob-pop3")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == (
        "desktopmail: 1 message of bob-pop3 exists only here. Keep a copy with `desktopmail"
        " export --account N`, or let it go with --with-its-mail.\n"
    )
    program.ok("account", "remove", "bob-pop3", "--with-its-mail")
    names = [row["name"] for row in program.ok("account", "list", "--json").json]
    assert names == ["alice-imap"]


def test_of_several_accounts_that_fail_each_is_said(program: Program, tmp_path: Path) -> None:
    for name in ("one", "two"):
        program.ok(
            "account", "add", "--name", name, "--address", "alice@localhost", "--user", "alice",
            "--imap", "127.0.0.1:1", "--smtp", "127.0.0.1:1", "--security", "none", "--no-check",
            "--password-file", str(tmp_path / "password"),
        )  # fmt: skip
    run = program.run("sync")
    assert run.status == 1
    said = [line for line in run.err.splitlines() if line.startswith("desktopmail: ")]
    assert [line.split(": ")[1] for line in said] == ["one", "two"]
    assert all("127.0.0.1:1" in line for line in said)
    assert "alice-imap: 0 messages" in run.out
    alone = program.run("sync", "one")
    assert alone.status == 1
    assert alone.err.startswith("desktopmail: ")
    assert "one: " not in alone.err


def test_a_check_that_fails_ends_with_1_and_a_sentence(
    program: Program, server: ServerProcess, tmp_path: Path
) -> None:
    imap = f"127.0.0.1:{server.ports['imap']}"
    program.ok(
        "account", "add", "--name", "away", "--address", "alice@localhost", "--user", "alice",
        "--imap", imap, "--smtp", "127.0.0.1:1", "--security", "none", "--no-check",
        "--password-file", str(tmp_path / "password"),
    )  # fmt: skip
    run = program.run("account", "check", "away")
    assert (run.status, run.err) == (
        1, "desktopmail: The check of away failed at tcp of the outgoing server.\n",
    )  # fmt: skip
    assert "127.0.0.1:1 refuses the connection." in run.out
    (tmp_path / "password").write_text("another\n")
    run = program.run("account", "check", "away", "--json")
    assert (run.status, run.err) == (
        1,
        "desktopmail: The check of away failed at login of the incoming server and tcp of the"
        " outgoing server.\n",
    )
    failed = [step for step in run.json if not step["ok"]]
    assert [step["step"] for step in failed] == ["login", "tcp"]
    assert all(step["detail"] and step["remedy"] for step in failed)


def test_no_artefact_of_a_session_holds_the_password(program: Program) -> None:
    send(program, "Anything")
    program.ok("sync")
    assert PASSWORD not in program.ok("transcript").out
    found = [
        str(path)
        for path in program.profile.rglob("*")
        if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert found == []


def test_nobody_else_may_read_what_a_profile_holds_or_gives_out(
    program: Program, tmp_path: Path
) -> None:
    """Not even where the folder was there before, and lets everybody in."""
    program.profile.chmod(0o755)
    send(program, "Private")
    program.ok("sync")
    program.ok("backup", str(tmp_path / "backup"))
    program.ok("export", "--mbox", str(tmp_path / "out.mbox"), "INBOX", "--account", "bob-pop3")
    program.ok("export", "--eml", str(tmp_path / "eml"), "INBOX", "--account", "bob-pop3")
    for place in (program.profile, tmp_path / "backup", tmp_path / "eml", tmp_path / "out.mbox"):
        for path in (place, *place.rglob("*")):
            is_ours = path == program.profile or not path.stat().st_mode & 0o077
            assert is_ours, (path, oct(path.stat().st_mode))


def test_what_was_exported_is_imported_once(program: Program, tmp_path: Path) -> None:
    for subject in ("first", "second"):
        send(program, subject, "--body", "From here on\nFrom there\n>From quoted")
    program.ok("sync")
    rows = program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json
    program.ok("flag", str(rows[0]["id"]), "--add", "flagged", "--add", "seen")
    for form, name in (("mbox", "out.mbox"), ("maildir", "maildir"), ("eml", "eml")):
        path = tmp_path / name
        program.ok("export", f"--{form}", str(path), "INBOX", "--account", "bob-pop3")
        for _ in range(2):  # the second time adds nothing
            program.ok("import", str(path), "--to", "Archive", "--account", "bob-pop3")
        archived = program.ok("list", "Archive", "--account", "bob-pop3", "--json").json
        assert sorted(row["subject"] for row in archived) == ["first", "second"], form
        assert {row["id"] for row in archived} == {row["id"] for row in rows}
    flagged = [row for row in archived if "flagged" in row["flags"]]
    assert [row["id"] for row in flagged] == [rows[0]["id"]]


def test_all_of_an_account_is_exported_at_once_and_twice_is_the_same(
    program: Program, tmp_path: Path
) -> None:
    send(program, "first")
    program.ok("sync")
    found = program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json
    program.ok("copy", str(found[0]["id"]), "--to", "Archive")
    places = {"mbox": "Archive.mbox", "maildir": ".Archive", "eml": "Archive"}
    for form, archive in places.items():
        path = tmp_path / form
        for _ in range(2):
            said = program.ok("export", f"--{form}", str(path), "--account", "bob-pop3").out
        inbox = path if form == "maildir" else path / archive.replace("Archive", "INBOX")
        for place in (inbox, path / archive):
            program.ok("import", str(place), "--to", "Junk", "--account", "bob-pop3")
        assert "of 6 mailboxes exported" in said
        assert ("3 were there already" in said) is (form != "mbox")  # one of them in Sent
    subjects = program.ok("list", "Junk", "--account", "bob-pop3", "--json").json
    assert [row["subject"] for row in subjects] == ["first"]
    assert program.run("export", "--mbox", str(tmp_path / "x")).status == 2
    assert program.run("export", "--mbox", "-", "--account", "bob-pop3").status == 2


def test_a_backup_is_a_profile_that_reads(program: Program, tmp_path: Path) -> None:
    send(program, "Kept", "--body", "Twice is better.")
    program.ok("sync")
    program.ok("backup", str(tmp_path / "backup"))
    copy = Program(tmp_path / "backup")
    row = only(copy, "list", "INBOX", "--account", "bob-pop3")
    assert "Twice is better." in copy.ok("show", str(row["id"]), "--text").out
    assert program.ok("doctor").out.strip()
    assert copy.ok("doctor", "--repair").out.strip()


def test_switching_to_the_other_protocol_fetches_nothing_twice_and_keeps_flags(
    program: Program, server: ServerProcess
) -> None:
    for subject in ("one", "two", "three"):
        send(program, subject)
    program.ok("sync")
    before = program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json
    program.ok("flag", str(before[0]["id"]), "--add", "flagged")
    port = server.ports["imap"]
    program.ok("account", "switch", "bob-pop3", "--to", "imap", "--server", f"127.0.0.1:{port}")
    program.ok("sync", "bob-pop3")
    after = program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json
    assert {row["id"] for row in after} == {row["id"] for row in before}
    assert [row["id"] for row in after if "flagged" in row["flags"]] == [before[0]["id"]]
    assert any(b"\\Flagged" in flags for flags, _ in at_server(server, "bob", "INBOX"))
    port = server.ports["pop3"]
    program.ok("account", "switch", "bob-pop3", "--to", "pop3", "--server", f"127.0.0.1:{port}")
    program.ok("sync", "bob-pop3")
    back = program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json
    assert {row["id"] for row in back} == {row["id"] for row in before}
    assert [row["id"] for row in back if "flagged" in row["flags"]] == [before[0]["id"]]


def test_what_a_person_has_to_decide_is_refused_with_the_flag_for_it(
    program: Program, server: ServerProcess, tmp_path: Path
) -> None:
    adding = (
        "account", "add", "--address", "alice@localhost", "--name", "new", "--user", "alice",
        "--password-file", str(tmp_path / "password"),
    )  # fmt: skip
    imap, submission = (f"127.0.0.1:{server.ports[one]}" for one in ("imaps", "submissions"))
    pinned = program.run(*adding, "--imap", imap, "--smtp", submission)
    assert pinned.status == 1
    assert "is not to be trusted" in pinned.err
    assert "with --pin, or --smtp-pin" in pinned.err
    fingerprint = pinned.err.partition("Its SHA-256 is ")[2][:64]
    clear = program.run(
        *adding, "--imap", "mail.example.org:1", "--smtp", submission, "--security", "none"
    )
    assert clear.status == 1
    assert clear.err.endswith("agree to it with --allow-cleartext.\n")
    program.ok(
        *adding, "--imap", imap, "--smtp", submission, "--pin", fingerprint,
        "--smtp-pin", fingerprint,
    )  # fmt: skip
    program.ok("sync", "new")
    pop3s = f"127.0.0.1:{server.ports['pop3s']}"
    switching = ("account", "switch", "new", "--to", "pop3", "--server", pop3s)
    refused = program.run(*switching)
    assert (refused.status, "is not to be trusted" in refused.err) == (1, True)
    assert program.ok("account", "show", "new", "--json").json["kind"] == "imap"
    program.ok(*switching, "--pin", fingerprint)
    program.ok(
        "account", "edit", "new", "--server", f"localhost:{server.ports['pop3s']}",
        "--pin", fingerprint,
    )  # fmt: skip
    program.ok("sync", "new")


def test_a_login_that_a_protocol_does_not_have_is_a_wrong_call(
    program: Program, server: ServerProcess, tmp_path: Path
) -> None:
    imap, smtp = (f"127.0.0.1:{server.ports[one]}" for one in ("imap", "submission"))
    adding = ("account", "add", "--address", "a@localhost", "--imap", imap, "--smtp", smtp,
              "--security", "none", "--password-file", str(tmp_path / "password"))  # fmt: skip
    for option in ("--auth", "--smtp-auth"):
        run = program.run(*adding, option, "apop")
        assert (run.status, run.out) == (2, "")


def test_the_account_of_a_message_in_two_places_is_named_by_account(program: Program) -> None:
    program.ok("send", "--account", "alice-imap", "--to", "bob@localhost,alice@localhost",
               "--subject", "Twice")  # fmt: skip
    program.ok("sync")
    row = only(program, "list", "INBOX", "--account", "bob-pop3")
    program.ok("move", str(row["id"]), "--to", "Archive", "--account", "bob-pop3",
               "--from", "INBOX", "--from-account", "bob-pop3")  # fmt: skip
    program.ok("delete", str(row["id"]), "--from", "Archive", "--account", "bob-pop3")
    assert only(program, "list", "Trash", "--account", "bob-pop3")["subject"] == "Twice"
    assert only(program, "list", "INBOX", "--account", "alice-imap")["subject"] == "Twice"


def test_an_opened_vault_is_open_for_the_next_command_too(tmp_path: Path) -> None:
    program = Program(tmp_path / "profile")
    program.ok("vault", stdin="open sesame\n")
    time.sleep(4)  # a person types; an engine without a vault has ended by then
    program.ok(
        "account", "add", "--address", "anna@example.org", "--imap", "mail.example.org:993",
        "--smtp", "mail.example.org:465", "--no-check", "--password-stdin", stdin="secret\n",
    )  # fmt: skip
    program.kill_engine()
