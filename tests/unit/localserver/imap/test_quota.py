"""QUOTA."""

from __future__ import annotations

from localserver.config import Config
from localserver.local import LocalServer
from tests.helpers.imap_dialogue import connected, logged_in


async def test_usage_and_limit_are_told_in_units_of_1024() -> None:
    config = Config(quota_octets=10 * 1024)
    async with LocalServer({"alice": "s"}, config=config) as server, connected(server) as dialogue:
        await dialogue.run("LOGIN alice s")
        await dialogue.append(b"x" * 1500)
        lines = await dialogue.run("GETQUOTAROOT INBOX")
        assert lines[:2] == ['* QUOTAROOT INBOX ""', '* QUOTA "" (STORAGE 2 10)']


async def test_without_a_limit_there_are_no_resources() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run('GETQUOTA ""'))[0] == '* QUOTA "" ()'
        assert (await dialogue.run("GETQUOTA other"))[-1].startswith("NO [NONEXISTENT]")
        assert (await dialogue.run('SETQUOTA "" (STORAGE 1)'))[-1].startswith("NO [NOPERM]")


async def test_over_quota_nothing_is_appended_or_copied_but_moves_go_through() -> None:
    config = Config(quota_octets=2048)
    async with LocalServer({"alice": "s"}, config=config) as server, connected(server) as dialogue:
        await dialogue.run("LOGIN alice s")
        assert (await dialogue.append(b"x" * 1500))[-1].startswith("OK")
        assert (await dialogue.append(b"x" * 1500))[-1].startswith("NO [OVERQUOTA]")
        await dialogue.run("SELECT INBOX")
        assert (await dialogue.run("COPY 1 Sent"))[-1].startswith("NO [OVERQUOTA]")
        assert (await dialogue.run("MOVE 1 Sent"))[-1].startswith("OK")
        assert (await dialogue.append(b"x" * 500))[-1].startswith("OK")
        assert (await dialogue.run('GETQUOTA ""'))[0] == '* QUOTA "" (STORAGE 2 2)'
