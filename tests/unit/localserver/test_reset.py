"""After a reset a client finds the world of the start."""

from __future__ import annotations

import asyncio
import imaplib
import poplib
import re
import smtplib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from localserver.config import Config, Limits
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.imap_dialogue import mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULTS = ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]


@pytest.fixture(params=["memory", "disk"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalServer]:
    config = Config(
        limits=Limits(messages_per_minute=2),
        filters=({"kind": "rate", "most": 1, "on": "smtp", "action": "reject"},),
        without=frozenset({"IDLE"}),
    )
    plan = [Fault(protocol="imap", command="NOOP", session=1, reply="NO planned")]
    data = None if request.param == "memory" else tmp_path / "data"
    users = {"alice": "secret", "bob": "other"}
    with LocalServer(users, config=config, plan=plan, data=data) as running:
        yield running


@contextmanager
def imap(
    server: LocalServer, user: str = "alice", password: str = "secret"
) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    try:
        client.login(user, password)
        yield client
    finally:
        client.shutdown()


@contextmanager
def pop3(server: LocalServer) -> Iterator[poplib.POP3]:
    client = poplib.POP3("127.0.0.1", server.ports["pop3"])
    try:
        client.user("alice")
        assert client.pass_("secret").startswith(b"+OK")
        yield client
    finally:
        client.close()


def world(server: LocalServer) -> dict[str, tuple[int, int, int]]:
    """Messages, UIDNEXT and UIDVALIDITY of each mailbox of alice."""
    found = {}
    with imap(server) as client:
        for line in client.list()[1]:
            assert isinstance(line, bytes)
            name = line.rpartition(b" ")[2].strip(b'"').decode()
            told = client.status(name, "(MESSAGES UIDNEXT UIDVALIDITY)")[1][0]
            numbers = [int(each) for each in re.findall(rb"[A-Z] (\d+)", told or b"")]
            found[name] = (numbers[0], numbers[1], numbers[2])
    return found


def test_every_mailbox_is_there_empty_and_its_uids_mean_nothing_old(server: LocalServer) -> None:
    before = world(server)
    assert list(before) == DEFAULTS
    server.deliver("alice", mail("old"))
    server.deliver("alice", mail("old"), mailbox="Sent")
    with imap(server) as client:
        client.create("Lists/Python")
        client.rename("Archive", "Attic")
        client.delete("Junk")
        client.create("Junk")  # without its special use
        client.subscribe("Lists/Python")
        client.unsubscribe("Trash")
    server.reset()
    after = world(server)
    assert list(after) == DEFAULTS
    for name, (messages, uidnext, uidvalidity) in after.items():
        assert (messages, uidnext) == (0, 1), name
        assert uidvalidity > before[name][2], name
    with imap(server) as client:
        assert len(client.lsub()[1]) == len(DEFAULTS)
        assert b"\\Junk" in b"".join(each for each in client.list()[1] if isinstance(each, bytes))
    assert server.deliver("alice", mail("new")) == 1


def test_keywords_that_were_used_are_not_known_any_more(server: LocalServer) -> None:
    server.deliver("alice", mail("old"), flags={"Old"})
    server.reset()
    server.deliver("alice", mail("new"), flags={"New"})
    with imap(server) as client:
        client.select()
        known = client.response("FLAGS")[1][0]
    assert b"New" in known
    assert b"Old" not in known


def test_mail_of_who_was_removed_is_gone(server: LocalServer) -> None:
    users, loop = server.server.context.users, server._loop
    assert loop is not None
    names = ("dora", "d\xf6ra*")
    for name in names:
        asyncio.run_coroutine_threadsafe(users.put(name, "x"), loop).result(20)
        server.deliver(name, mail("hers"))
        asyncio.run_coroutine_threadsafe(users.remove(name), loop).result(20)
        asyncio.run_coroutine_threadsafe(server.server.store.forget(name), loop).result(20)
    data = server.server.context.data
    if data is not None:
        assert len(list((data / "users").iterdir())) == 2
    server.reset()
    if data is not None:
        assert {path.name for path in (data / "users").iterdir()} <= {"alice", "bob"}
    for name in names:
        asyncio.run_coroutine_threadsafe(users.put(name, "x"), loop).result(20)
        assert server.messages(name) == []


def test_connections_are_cut_and_what_they_held_is_free(server: LocalServer) -> None:
    with imap(server) as reader, pop3(server) as holder:
        reader.select()
        server.reset()
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            reader.noop()
        with pytest.raises((poplib.error_proto, OSError)):
            holder.noop()
        with pop3(server) as again:  # the maildrop
            again.quit()


def test_users_of_the_run_are_those_of_the_start_and_those_at_rest_stay(
    server: LocalServer,
) -> None:
    users = server.server.context.users
    loop = server._loop
    assert loop is not None
    for work in (users.put("alice", "changed"), users.put("carol", "new"), users.remove("bob")):
        asyncio.run_coroutine_threadsafe(work, loop).result(20)
    server.deliver("carol", mail("hers"))
    for _ in range(25):  # shut out
        with pytest.raises(imaplib.IMAP4.error), imap(server, "alice", "wrong"):
            pass
    server.reset()
    for user, password in (("alice", "secret"), ("bob", "other")):
        with imap(server, user, password) as client:
            assert client.state == "AUTH"
    is_kept = server.server.context.data is not None
    assert ("carol" in [user.name for user in users.all()]) is is_kept
    if not is_kept:  # who takes the name again finds nothing of hers
        asyncio.run_coroutine_threadsafe(users.put("carol", "again"), loop).result(20)
    assert server.messages("carol") == []


def test_plan_capabilities_limits_and_transcript_are_those_of_the_start(
    server: LocalServer,
) -> None:
    for _ in range(2):
        with imap(server) as client:
            assert client.noop()[0] == "NO"  # the fault of the start, in the first session
            assert client.noop()[0] == "OK"
            assert "IDLE" not in client.capabilities
        server.add_fault(Fault(command="NOOP", drop=True))
        server.server.context.faults.switch_off({"MOVE"})
        server.server.store.set_full("alice", full=True)
        with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as smtp:
            smtp.login("bob", "other")
            smtp.sendmail("bob@localhost", ["x@else.test"], mail("Away"))
            smtp.sendmail("bob@localhost", ["x@else.test"], mail("Away"))
            with pytest.raises(smtplib.SMTPDataError, match="Too many"):
                smtp.sendmail("bob@localhost", ["x@else.test"], mail("Away"))
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
            smtp.sendmail("x@else.test", ["bob@localhost"], mail("in"))
            with pytest.raises(smtplib.SMTPDataError, match="Refused"):
                smtp.sendmail("x@else.test", ["bob@localhost"], mail("in"))
        assert len(server.captured()) == 2
        server.reset()
        assert server.captured() == []
        assert server.transcript.text() == ""
        assert not server.server.store.is_full("alice")
        assert server.server.context.faults.without == {"IDLE"}


def test_a_session_that_sleeps_through_a_fault_holds_nothing_up(server: LocalServer) -> None:
    server.add_fault(Fault(command="SELECT", delay_s=600.0))
    with imap(server) as client:
        client.send(b"x SELECT INBOX\r\n")
        server.reset()
        assert server.server.sessions.all() == []
