"""The server inside one's own program."""

from __future__ import annotations

import asyncio
import smtplib
import threading
import time
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import ListenError
from localserver.config import Config
from localserver.config_file import ConfigError
from localserver.local import LocalServer

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = b"From: a@x.test\r\nSubject: Hello\r\n\r\nbody\r\n"


def test_what_is_asked_outside_of_the_block_says_so() -> None:
    server = LocalServer({"alice": "secret"})
    for _ in range(2):
        with pytest.raises(RuntimeError, match="inside the `with` block only"):
            server.messages("alice")
        with server:
            assert server.messages("alice") == []


def test_a_domain_that_is_none_and_a_protocol_that_is_not_served_are_said() -> None:
    with pytest.raises(ConfigError, match="'no domain' is no domain"):
        LocalServer(domain="no domain")
    with (
        LocalServer() as server,
        pytest.raises(KeyError, match="'smpt' is not served here, but smtp, submission,"),
    ):
        server.ports["smpt"]


def test_it_is_up_in_a_tenth_of_a_second_and_leaves_no_thread() -> None:
    took = []
    for _ in range(4):  # the first imports the modules, others may meet a busy machine
        begun = time.monotonic()
        with LocalServer({"alice": "s", "bob": "t"}) as server:
            took.append(time.monotonic() - begun)
            assert server.ports["imap"] > 0
    assert min(took) < 0.1
    assert not [each for each in threading.enumerate() if each.name == "localserver"]


def test_mail_by_smtp_is_waited_for_and_captured() -> None:
    with LocalServer({"alice": "s"}) as server:
        with smtplib.SMTP(server.host, server.ports["smtp"]) as smtp:
            smtp.sendmail("a@x.test", ["alice@localhost"], PLAIN)
        message = server.wait_for(to="alice@localhost", subject="Hell")
        assert (message.sender, message.recipient) == ("a@x.test", "alice@localhost")
        assert message.text.strip() == "body"
        assert not message.is_seen
        with smtplib.SMTP(server.host, server.ports["submission"]) as smtp:
            smtp.login("alice", "s")
            smtp.sendmail(
                "alice@localhost", ["x@else.example"],
                b"From: alice@localhost\r\nTo: x@else.example\r\n\r\nx\r\n",
            )  # fmt: skip
        (captured,) = server.captured()
        assert captured.recipients == ("x@else.example",)
        found = server.wait_for(to="X@else.example")
        assert found.is_captured
        assert (found.sender, found.octets) == ("alice@localhost", captured.octets)
        with pytest.raises(TimeoutError):
            server.wait_for(to="y@else.example", timeout_s=0.02)
        server.transcript.assert_said("^AUTH ", protocol="submission")


def test_what_does_not_come_says_what_came_instead() -> None:
    with LocalServer({"alice": "s"}) as server:
        server.deliver("alice", PLAIN)
        with pytest.raises(TimeoutError, match=r"for alice .*'never'.*'Hello'"):
            server.wait_for(to="alice", subject="never", timeout_s=0.05)


async def test_on_ones_own_loop() -> None:
    async with LocalServer({"alice": "s"}) as server:
        await server.deliver_async("alice@localhost", PLAIN, flags=["\\Seen"])
        found = await server.wait_for_async(to="alice", subject="Hello")
        assert found.is_seen
        assert found.octets == PLAIN
        with pytest.raises(TimeoutError):
            await server.wait_for_async(subject="never", timeout_s=0.05)
        with pytest.raises(RuntimeError, match="async method"):
            server.messages("alice")


def test_a_server_that_cannot_start_says_so_where_the_block_begins() -> None:
    with (
        LocalServer({"alice": "s"}) as first,
        pytest.raises(ListenError),
        LocalServer({"alice": "s"}, config=Config(listen={"imap": first.ports["imap"]})),
    ):
        pass


def test_outside_the_block_there_is_no_server() -> None:
    with pytest.raises(RuntimeError, match="inside the `with` block"):
        _ = LocalServer().ports


def test_the_same_server_runs_again_empty_and_with_an_authority_of_its_own() -> None:
    server = LocalServer({"alice": "s"})
    for _ in range(2):
        with server:
            assert server.messages("alice") == []
            server.deliver("alice", PLAIN)
            with smtplib.SMTP_SSL(
                "localhost", server.ports["submissions"], context=server.ssl_context
            ) as smtp:
                assert smtp.login("alice", "s")[0] == 235


def test_what_lies_in_a_folder_is_there_in_the_next_block(tmp_path: Path) -> None:
    for expected in ([1], [1, 2]):
        with LocalServer({"alice": "s"}, data=tmp_path) as server:
            assert server.deliver("alice", PLAIN) == expected[-1]
            assert [each.uid for each in server.messages("alice")] == expected


def test_so_many_messages_as_were_asked_for_are_waited_for() -> None:
    with LocalServer({"alice": "s", "bob": "t"}) as server:
        server.deliver("alice", PLAIN)
        server.deliver("bob", PLAIN)
        assert server.wait_for(subject="Hello", count=2).octets == PLAIN
        with pytest.raises(TimeoutError):
            server.wait_for(to="alice", subject="Hello", count=2, timeout_s=0.02)


async def test_a_message_that_comes_while_one_waits_ends_the_waiting() -> None:
    async with LocalServer({"alice": "s"}) as server, asyncio.TaskGroup() as group:
        waiting = group.create_task(server.wait_for_async(to="alice", subject="Hello"))
        await asyncio.sleep(0)
        assert not waiting.done()
        await server.deliver_async("alice", PLAIN)
        assert (await waiting).uid == 1


async def test_captured_mail_that_comes_while_one_waits_ends_the_waiting() -> None:
    async with LocalServer({"alice": "s"}) as server, asyncio.TaskGroup() as group:
        waiting = group.create_task(server.wait_for_async(to="x@else.test", subject="Hello"))
        await asyncio.sleep(0)
        await server.server.store.capture("alice@localhost", ["x@else.test"], PLAIN)
        assert (await waiting).octets == PLAIN


def test_a_configuration_of_ones_own_keeps_its_ports_and_its_domain() -> None:
    config = Config(listen={"imap": 0}, domain="mail.test")
    with LocalServer({"alice": "s"}, config=config, without=["idle"]) as server:
        assert set(server.ports) == {"imap"}
        assert server.domain == "mail.test"
        assert not server.server.context.config.offers("IDLE")
        assert server.server.context.users.resolve("alice@mail.test")
