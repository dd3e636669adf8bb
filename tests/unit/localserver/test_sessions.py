"""Who is connected."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from localserver.config import Limits
from localserver.sessions import Sessions


class FakeStream:
    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


def sessions(**limits: float) -> tuple[Sessions, Any]:
    clock = SimpleNamespace(time=0.0)
    clock.monotonic = lambda: clock.time
    return Sessions(Limits(**limits), clock), clock  # type: ignore[arg-type]


def stream(peer: str) -> Any:
    return FakeStream(peer)


def test_all_and_those_of_one_address_are_bounded() -> None:
    found, _ = sessions(sessions=3, sessions_per_address=2)
    assert found.admit("smtp", stream("192.0.2.1:1")) is None
    second = stream("192.0.2.1:2")
    assert found.admit("smtp", second) is None
    assert "your address" in (found.admit("smtp", stream("192.0.2.1:3")) or "")
    assert found.admit("smtp", stream("192.0.2.2:1")) is None
    assert "Too many connections;" in (found.admit("smtp", stream("192.0.2.3:1")) or "")
    found.leave(second)
    found.leave(second)
    assert found.admit("smtp", stream("192.0.2.3:1")) is None


def test_those_without_a_login_are_bounded_and_thrown_out() -> None:
    found, clock = sessions(sessions_before_login=1, login_s=60)
    waiting, relay = stream("192.0.2.1:1"), stream("192.0.2.1:2")
    assert found.admit("imap", waiting) is None
    assert found.admit("smtp", relay) is None
    assert found.admit("pop3", stream("192.0.2.1:3")) is not None
    clock.time = 61.0
    assert found.sweep() == 1
    assert waiting.aborted
    assert not relay.aborted


def test_who_logged_in_is_left_alone() -> None:
    found, clock = sessions(login_s=60)
    one = stream("192.0.2.1:1")
    found.admit("imap", one)
    found.logged_in("192.0.2.1:1", "alice")
    clock.time = 1000.0
    assert found.sweep() == 0
    assert [each.user for each in found.all()] == ["alice"]


def test_two_listeners_reached_from_one_port_are_two_connections() -> None:
    found, clock = sessions(sessions_per_address=2, login_s=60)
    imap, pop3 = stream("192.0.2.1:1"), stream("192.0.2.1:1")
    assert found.admit("imap", imap) is None
    assert found.admit("pop3", pop3) is None
    assert len(found.all()) == 2
    assert found.admit("smtp", stream("192.0.2.1:2")) is not None
    found.leave(imap)
    clock.time = 61.0
    assert found.sweep() == 1
    assert (imap.aborted, pop3.aborted) == (False, True)
    found.leave(pop3)
    assert found.all() == []
    for port in (3, 4):
        assert found.admit("smtp", stream(f"192.0.2.1:{port}")) is None


def test_all_of_this_machine_are_one_address() -> None:
    found, _ = sessions(sessions_per_address=2)
    assert found.admit("imap", stream("127.0.0.1:1")) is None
    assert found.admit("imap", stream("[::1]:1")) is None
    assert found.admit("imap", stream("127.0.0.2:1")) is not None


def test_a_login_on_port_25_is_noted_too() -> None:
    found, _ = sessions()
    found.admit("smtp", stream("192.0.2.1:1"))
    found.logged_in("192.0.2.1:1", "alice")
    found.logged_in("192.0.2.9:9", "bob")
    assert [each.user for each in found.all()] == ["alice"]


async def test_only_idle_sessions_are_dismissed_and_each_once() -> None:
    found, _ = sessions()
    idle = {"a": True, "b": False}
    ended: list[str] = []

    async def serve(name: str) -> None:
        one = stream(f"192.0.2.1:{name}")
        found.admit("imap", one)
        found.serving(one, lambda: idle[name])
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)
            found.leave(one)

    async with asyncio.TaskGroup() as group:
        for name in idle:
            group.create_task(serve(name))
        await asyncio.sleep(0)
        found.dismiss()
        await asyncio.sleep(0)
        found.dismiss()  # the first is ending: it is not disturbed
        await asyncio.sleep(0)
        assert ended == ["a"]
        idle["b"] = True
        found.dismiss()
    assert ended == ["a", "b"]


def test_one_connection_is_cut_by_its_number() -> None:
    found, _ = sessions()
    one = stream("192.0.2.1:1")
    found.admit("imap", one)
    assert found.cut(1)
    assert one.aborted
    assert not found.cut(2)
