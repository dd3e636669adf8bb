"""APPEND: one, many, none, too large, and over quota."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from localserver.config import Config
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.imap_dialogue import PATIENCE_S, connected, logged_in, mail

if TYPE_CHECKING:
    from pathlib import Path


async def test_appenduid_names_the_message_and_flags_and_date_are_kept() -> None:
    async with logged_in() as dialogue:
        lines = await dialogue.append(mail("a"), options=r'(\Seen $x) " 1-Jan-2020 00:00:00 +0100"')
        assert "* 1 EXISTS" in lines
        assert lines[-1].startswith("OK [APPENDUID ")
        line = (await dialogue.run("FETCH 1 (FLAGS INTERNALDATE)"))[0]
        assert line == (
            r'* 1 FETCH (FLAGS (\Seen $x \Recent) INTERNALDATE " 1-Jan-2020 00:00:00 +0100")'
        )


async def test_a_mailbox_that_is_missing_is_to_be_created_first() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.append(mail("a"), "Nowhere"))[-1].startswith("NO [TRYCREATE]")


async def test_no_octets_are_no_message() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.append(b""))[-1].startswith("NO")
        assert (await dialogue.run("NOOP"))[-1].startswith("OK")
        assert "* 0 EXISTS" in await dialogue.run("SELECT INBOX")


async def test_several_messages_are_appended_together() -> None:
    async with logged_in() as dialogue:
        octets = b"x APPEND INBOX {5+}\r\nA: b\n {5+}\r\nC: d\n\r\n"
        await dialogue.send(octets)
        answer = (await dialogue.answers(b"x"))[-1]
        assert answer.startswith("OK [APPENDUID ")
        assert " 1:2]" in answer


async def test_a_synchronising_literal_is_asked_for() -> None:
    async with logged_in() as dialogue:
        await dialogue.send(b"x APPEND INBOX {5}\r\n")
        assert (await dialogue.line()).startswith(b"+")
        await dialogue.send(b"A: b\n\r\n")
        assert (await dialogue.answers(b"x"))[-1].startswith("OK [APPENDUID")


async def test_a_message_that_is_too_large_is_refused_before_it_comes() -> None:
    config = Config(max_message_octets=1000)
    async with (
        LocalServer({"alice": "secret"}, config=config) as server,
        connected(server) as dialogue,
    ):
        await dialogue.run("LOGIN alice secret")
        await dialogue.send(b"x APPEND INBOX {1001}\r\n")
        assert (await dialogue.answers(b"x"))[-1].startswith("NO [TOOBIG]")
        assert (await dialogue.append(b"x" * 1001))[-1].startswith("NO [TOOBIG]")
        assert (await dialogue.append(b"x" * 1000))[-1].startswith("OK")


async def test_a_full_mailbox_is_overquota_and_nothing_is_stored() -> None:
    config = Config(quota_octets=100)
    async with (
        LocalServer({"alice": "secret"}, config=config) as server,
        connected(server) as dialogue,
    ):
        await dialogue.run("LOGIN alice secret")
        assert (await dialogue.append(b"x" * 90))[-1].startswith("OK")
        assert (await dialogue.append(b"x" * 11))[-1].startswith("NO [OVERQUOTA]")
        assert (await dialogue.append(b"x" * 10))[-1].startswith("OK")


async def test_a_fault_plan_fills_the_mailbox() -> None:
    plan = [Fault(protocol="imap", command="APPEND", nth=2, quota_full=True)]
    async with logged_in(plan=plan) as dialogue:
        assert (await dialogue.append(mail("a")))[-1].startswith("OK")
        assert (await dialogue.append(mail("b")))[-1].startswith("NO [OVERQUOTA]")


async def test_a_nul_goes_in_by_literal8() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.append(b"A: b\r\n\r\n\0", binary=True))[-1].startswith("OK")
        assert "{9}\r\nA: b\r\n\r\n\0" in (await dialogue.run("FETCH 1 BODY[]"))[0]


@pytest.mark.parametrize("on_disk", [True, False])
async def test_a_large_message_is_kept_outside_the_session_as_it_comes(
    tmp_path: Path, on_disk: bool
) -> None:
    message = b"Subject: large\r\n\r\n" + b"x" * 76 * 40_000 + b"\r\n"
    data = tmp_path / "data" if on_disk else None
    async with (
        LocalServer({"alice": "secret"}, data=data) as server,
        connected(server) as dialogue,
    ):
        await dialogue.run("LOGIN alice secret")
        await dialogue.send(b"x APPEND INBOX {%d+}\r\n" % len(message))
        await dialogue.send(message[:2_500_000])
        async with asyncio.timeout(PATIENCE_S):
            while on_disk and not spooled(tmp_path):
                await asyncio.sleep(0.005)
        await dialogue.send(message[2_500_000:] + b" {1+}\r\n.\r\n")
        assert (await dialogue.answers(b"x"))[-1].startswith("OK [APPENDUID ")
        await dialogue.run("SELECT INBOX")
        line = (await dialogue.run("FETCH 1 (BODY.PEEK[])"))[0]
        assert line.encode("latin-1").endswith(message + b")")
    assert spooled(tmp_path) == []


async def test_a_client_that_goes_away_in_a_large_message_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    async with LocalServer({"alice": "secret"}, data=tmp_path / "data") as server:
        async with connected(server) as dialogue:
            await dialogue.run("LOGIN alice secret")
            await dialogue.send(b"x APPEND INBOX {9000000+}\r\n" + b"x" * 2_500_000)
            async with asyncio.timeout(PATIENCE_S):
                while not spooled(tmp_path):
                    await asyncio.sleep(0.005)
        async with asyncio.timeout(PATIENCE_S):
            while spooled(tmp_path):
                await asyncio.sleep(0.005)


def spooled(folder: Path) -> list[Path]:
    return list(folder.glob("data/spool/incoming-*"))


@pytest.mark.logs("The spool failed")
async def test_a_spool_that_fails_refuses_the_message_and_not_the_session(tmp_path: Path) -> None:
    async with (
        LocalServer({"alice": "secret"}, data=tmp_path / "data") as server,
        connected(server) as dialogue,
    ):
        await dialogue.run("LOGIN alice secret")
        (tmp_path / "data" / "spool").write_bytes(b"a file where the folder should be")
        answer = await dialogue.append(b"x" * 2_500_000)
        assert answer[-1].startswith("NO [UNAVAILABLE]")
        assert (await dialogue.append(b"x" * 100))[-1].startswith("OK")
