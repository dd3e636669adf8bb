"""What becomes of a message that the command line sends: reports, receipts, refusals, the queue."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.attach import attach
from desktopmail.door.commands import SetOffline
from desktopmail.door.profile import Profile
from desktopmail.engine.discovery import providers
from desktopmail.net.endpoint import split_host_port
from tests.helpers.certificates import make_certificates
from tests.helpers.plant import plant
from tests.helpers.program import Program
from tests.helpers.server import PASSWORD, ServerProcess, server_process
from tests.helpers.socks import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

FROM_ALICE = ("send", "--account", "alice-imap", "--subject", "A letter", "--body", "Hello.")
TO_BOB = (*FROM_ALICE, "--to", "bob@localhost")


def row(program: Program, mailbox: str, account: str) -> dict[str, object]:
    """The newest message there."""
    rows = program.ok("list", mailbox, "--account", account, "--json").json
    found: dict[str, object] = rows[0]
    return found


def results(program: Program) -> list[tuple[str, str]]:
    """Of the first message of the outbox: each recipient and what became of it."""
    (first, *_) = program.ok("outbox", "list", "--json").json
    return [(one["address"], one["state"]) for one in first["results"]]


def questions(program: Program) -> list[dict[str, str]]:
    """What is asked about alice's password, by whichever of her servers refused it first."""
    asked = program.ok("questions", "list", "--json").json
    return [one for one in asked if "What waits for alice-imap is kept." in one["text"]]


def append(server: ServerProcess, octets: bytes) -> None:
    """Put a message into alice's Inbox, as if it had come."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("alice", PASSWORD)
        client.append("INBOX", None, None, octets)  # type: ignore[arg-type]


def test_an_answer_goes_to_who_wrote_with_a_quote_and_marks_what_it_answers(
    program: Program,
) -> None:
    program.ok(*TO_BOB, "--cc", "alice@localhost")
    program.ok("sync")
    letter = row(program, "INBOX", "bob-pop3")
    program.ok("reply", str(letter["id"]), "--body", "Loud and clear.\n")
    program.ok("sync")
    rows = program.ok("list", "INBOX", "--account", "alice-imap", "--json").json
    (answer,) = [one for one in rows if one["subject"] == "Re: A letter"]
    raw = program.ok("show", str(letter["id"]), "--headers").out
    (name,) = [line.partition(": ")[2] for line in raw.splitlines() if "Message-ID" in line]
    told = program.ok("show", str(answer["id"]), "--headers").out
    assert f"In-Reply-To: {name}" in told
    assert "From: bob@localhost" in told
    assert "To: alice@localhost" in told
    text = program.ok("show", str(answer["id"]), "--text").out
    assert text.startswith("Loud and clear.\n\nOn ")
    assert "\n> Hello." in text
    (letter,) = program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json
    assert letter["flags"] == ["answered"]
    program.ok("reply", str(answer["id"]), "--all", "--no-quote", "--body", "Good.")
    program.ok("sync")
    (last,) = program.ok("search", "good", "in:inbox", "--account", "bob-pop3", "--json").json
    assert last["sender"]["address"] == "alice@localhost"
    assert program.ok("show", str(last["id"]), "--text").out.strip() == "Good."
    refused = program.run("reply", str(answer["id"]), "--account", "bob-pop3", "--body", "x")
    assert (refused.status, refused.err.count("\n")) == (1, 1)


def test_a_report_and_a_receipt_are_asked_for_and_shown_with_the_message(program: Program) -> None:
    program.ok(*TO_BOB, "--report", "success", "--report", "failure", "--return", "headers",
               "--receipt")  # fmt: skip
    program.ok("sync")
    assert results(program) == [("bob@localhost", "delivered")]
    report = row(program, "INBOX", "alice-imap")
    assert report["subject"] == "Your message was delivered"
    raw = program.ok("show", str(report["id"]), "--raw").out
    assert "Action: delivered" in raw
    assert "Hello." not in raw  # the headers of the message alone
    letter = str(row(program, "INBOX", "bob-pop3")["id"])
    assert "on its way" in program.ok("receipt", letter).out
    again = program.run("receipt", letter)
    assert (again.status, again.err) == (
        1, "desktopmail: The read receipt was answered already.\n",
    )  # fmt: skip
    program.ok("sync")
    assert row(program, "INBOX", "alice-imap")["subject"] == "Read: A letter"
    assert results(program) == [("bob@localhost", "read")]


def test_a_receipt_that_is_not_wanted_is_never_sent(program: Program) -> None:
    program.ok(*TO_BOB, "--receipt")
    program.ok("sync")
    letter = str(row(program, "INBOX", "bob-pop3")["id"])
    assert program.ok("receipt", letter, "--never", "--json").json["id"] == int(letter)
    assert program.run("receipt", letter).status == 1
    program.ok("sync")
    assert program.ok("list", "INBOX", "--account", "alice-imap", "--json").json == []


def test_a_recipient_that_is_refused_is_named_while_the_others_get_it(program: Program) -> None:
    run = program.run(*TO_BOB, "--to", "nobody@localhost")
    assert run.status == 1
    assert run.out == "Sent to bob@localhost.\n"
    assert run.err.startswith("desktopmail: It was refused for nobody@localhost: 550 5.1.1 ")
    program.ok("sync")
    assert row(program, "INBOX", "bob-pop3")["subject"] == "A letter"


def test_a_password_refused_later_is_asked_about_once_and_the_queue_is_kept(
    program: Program, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("not any more\n")
    for number in (1, 2):
        refused = program.run(*TO_BOB)
        assert (refused.status, refused.out) == (1, "")
        assert "refused the login of alice: 535 5.7.8" in refused.err
        assert f"It stays in the outbox as {number}" in refused.err
        assert len(questions(program)) == 1
    waiting = program.ok("outbox", "list", "--json").json
    assert [(one["state"], one["retry_s"]) for one in waiting] == [("queued", None)] * 2
    password.write_text(PASSWORD + "\n")
    program.ok("outbox", "retry", "1")  # a person has acted: everything goes on
    program.ok("sync")
    assert len(program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json) == 2
    assert questions(program) == []


def test_what_a_server_does_not_take_now_is_kept_and_the_command_ends(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text(
        '[[fault]]\nprotocol = "submission"\ncommand = "MAIL"\nreply = "451 4.3.0 not now"\n'
        "times = 1\n"
    )
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    program = Program(tmp_path / "profile")
    with server_process(tmp_path, "--fault-plan", str(plan)) as server:
        assert program.add_account(server, "alice", password).status == 0
        program.ok("sync")
        run = program.run(*FROM_ALICE, "--to", "alice@localhost")
        assert (run.status, run.out) == (1, "")
        assert "451 4.3.0 not now" in run.err
        assert "It stays in the outbox as 1, and is tried again at 20" in run.err
        (waiting,) = program.ok("outbox", "list", "--json").json
        assert waiting["state"] == "queued"
        assert waiting["retry_s"] > waiting["queued_s"]
        program.ok("outbox", "retry", "1")
        program.ok("sync")
        assert [one["state"] for one in program.ok("outbox", "list", "--json").json] == ["done"]


async def test_offline_it_is_put_into_the_outbox_and_waits_there(program: Program) -> None:
    session = await attach(Profile.at(program.profile))  # a window
    await session.door.command(SetOffline(offline=True))
    run = await asyncio.to_thread(program.run, *TO_BOB)
    assert (run.status, run.out) == (0, "In the outbox as 1, to bob@localhost.\n")
    assert run.err == "desktopmail: It goes out when the program works online again.\n"
    await session.door.command(SetOffline(offline=False))
    await asyncio.to_thread(program.ok, "sync")
    await session.aclose()
    assert results(program) == [("bob@localhost", "accepted")]


@pytest.mark.parametrize("browser_only", [True, False])
async def test_a_provider_that_takes_no_account_password_is_named_with_its_page(
    server: ServerProcess, tmp_path: Path, *, browser_only: bool
) -> None:
    """Sign-in by browser only, and an app password: the first of the table for each."""
    provider = next(
        one
        for one in providers.load().provider
        if one.browser_only is browser_only and (one.browser_only or one.app_passwords)
    )
    incoming = split_host_port(provider.imap)[0]
    outgoing = split_host_port(provider.submissions or provider.submission)[0]
    password = tmp_path / "password"
    password.write_text("the one for the web page\n")
    program = Program(tmp_path / "profile")
    async with Proxy().relaying() as port:
        added = await asyncio.to_thread(
            program.run, "account", "add", "--name", "away", "--address", "alice@localhost",
            "--imap", f"{incoming}:{server.ports['imap']}",
            "--smtp", f"{outgoing}:{server.ports['submission']}", "--security", "none",
            "--user", "alice", "--allow-cleartext", "--no-check",
            "--proxy", f"socks5://127.0.0.1:{port}", "--password-file", str(password),
        )  # fmt: skip
        assert added.status == 0, added.err
        runs = [
            await asyncio.to_thread(program.run, *arguments)
            for arguments in (
                ("send", "--to", "bob@localhost", "--subject", "A letter"),
                ("sync", "away"),
                ("account", "check", "away"),
            )
        ]
    for run in runs:
        assert run.status == 1
        said = run.err + run.out
        assert provider.note in said
        assert provider.app_passwords in said
    assert "stays in the outbox" in runs[0].err


LIST = (
    b"From: News <news@list.example>\r\nTo: alice@localhost\r\nSubject: News\r\n"
    b"Message-ID: <1@list.example>\r\n%b\r\nHello\r\n"
)


@contextmanager
def list_server(folder: Path) -> Iterator[tuple[int, str, list[tuple[str, bytes]]]]:
    """A web server with TLS; yields its port, whom to trust, and what it was asked."""
    asked: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, octets))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    files = make_certificates(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    with HTTPServer(("127.0.0.1", 0), Handler) as web:
        web.socket = context.wrap_socket(web.socket, server_side=True)
        thread = threading.Thread(target=partial(web.serve_forever, 0.05))
        thread.start()
        try:
            yield web.server_address[1], str(files.ca_file), asked
        finally:
            web.shutdown()
            thread.join()


def test_a_mailing_list_is_left_with_one_click_after_it_was_confirmed(
    program: Program, server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with list_server(tmp_path) as (port, ca_file, asked):
        plant(  # this machine stands for the Internet
            tmp_path, monkeypatch,
            "import ssl\nfrom functools import partial\n"
            "from desktopmail.engine import unsubscribe\n"
            f"trust = ssl.create_default_context(cafile={ca_file!r})\n"
            "unsubscribe.post = partial(unsubscribe.post, allowed=lambda _: True, trust=trust)",
        )  # fmt: skip
        program.kill_engine()
        fields = (
            f"List-Unsubscribe: <https://localhost:{port}/leave?u=7>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        )
        append(server, LIST % fields.encode())
        program.ok("sync")
        letter = str(row(program, "INBOX", "alice-imap")["id"])
        unproved = program.run("unsubscribe", letter)
        assert unproved.status == 1
        assert unproved.err.endswith("Say --yes if you know the list.\n")
        assert asked == []
        left = program.ok("unsubscribe", letter, "--yes", "--json").json
        assert left["id"] == int(letter)
        assert "was asked to end the subscription" in left["label"]
    assert asked == [("/leave?u=7", b"List-Unsubscribe=One-Click")]


def test_a_mailing_list_that_has_no_other_way_is_left_by_a_mail(
    program: Program, server: ServerProcess
) -> None:
    append(server, LIST % b"List-Unsubscribe: <mailto:bob@localhost?subject=leave>\r\n")
    program.ok("sync")
    letter = str(row(program, "INBOX", "alice-imap")["id"])
    asked = program.run("unsubscribe", letter)
    assert (asked.status, asked.err) == (
        1,
        "desktopmail: The list is left by a mail to bob@localhost. Say --yes to send it.\n",
    )
    program.ok("unsubscribe", letter, "--yes")
    program.ok("sync")
    program.ok("sync")
    assert row(program, "INBOX", "bob-pop3")["subject"] == "leave"
