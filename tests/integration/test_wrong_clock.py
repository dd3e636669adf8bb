"""A clock that is set wrong, and right again: nothing waits for ever, and nothing comes in a storm.

In virtual time: a day passes in a moment, and the date is whatever a scene says.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import LeaveOnServer, SendMessage, SetMailboxPolicy, SetOffline
from desktopmail.door.rows import Kind, SendingState
from localserver.faults import Fault
from tests.helpers.store import mail
from tests.helpers.virtual import Scene, play

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId

DAY_S = 86_400.0
JUMPS = [
    pytest.param(-400 * DAY_S, id="back-a-year"),
    pytest.param(-DAY_S, id="back-a-day"),
    pytest.param(DAY_S, id="on-a-day"),
    pytest.param(400 * DAY_S, id="on-a-year"),
]


async def send(scene: Scene, account_id: AccountId, number: int, **more: object) -> None:
    await scene.bench.engine.command(
        SendMessage(
            account_id=account_id, sender="alice@localhost", recipients=("bob@localhost",),
            octets=mail(number), **more,  # type: ignore[arg-type]
        )
    )  # fmt: skip


def states(scene: Scene) -> list[str]:
    return [row[0] for row in scene.bench.reader._all("SELECT state FROM sending ORDER BY id")]


@pytest.mark.parametrize("jump_s", JUMPS)
def test_what_can_be_taken_back_for_a_while_goes_out_after_it(jump_s: float) -> None:
    async def scene(scene: Scene) -> None:
        account_id = await scene.bench.add(scene.server)
        await scene.bench.sync(account_id)
        await send(scene, account_id, 1, delay_s=60.0)
        await asyncio.sleep(10.0)
        scene.clock.ahead_s = jump_s
        await send(scene, account_id, 2, delay_s=0.0)  # the outbox is looked at
        await asyncio.sleep(200.0)
        assert await scene.subjects_at("bob") == ["Subject 1", "Subject 2"]
        assert states(scene) in (["done", "done"], ["filing", "filing"])

    play(scene)


@pytest.mark.parametrize("jump_s", JUMPS)
def test_what_is_tried_again_later_is_tried_again(jump_s: float) -> None:
    async def scene(scene: Scene) -> None:
        scene.server.add_fault(
            Fault(protocol="submission", command="MAIL", reply="451 4.3.0 not now", times=3)
        )
        account_id = await scene.bench.add(scene.server)
        await scene.bench.sync(account_id)
        await send(scene, account_id, 1)
        await asyncio.sleep(5.0)
        assert states(scene) == ["queued"]
        scene.clock.ahead_s = jump_s
        await asyncio.sleep(1500.0)
        assert await scene.subjects_at("bob") == ["Subject 1"]

    play(scene)


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_server_that_is_away_is_asked_at_the_usual_intervals(jump_s: float) -> None:
    async def scene(scene: Scene) -> None:
        account_id = await scene.bench.add(scene.server)
        await scene.bench.sync(account_id)
        scene.server.add_fault(Fault(protocol="imap", command="CONNECT", reset=True, times=25))
        await scene.bench.engine.command(SetOffline(offline=True))
        await scene.bench.engine.command(SetOffline(offline=False))
        await asyncio.sleep(600.0)
        before = scene.wire.dials
        scene.clock.ahead_s = jump_s
        await asyncio.sleep(3600.0)
        assert 6 <= scene.wire.dials - before <= 40
        await asyncio.sleep(2 * 3600.0)
        await scene.server.deliver_async("alice", mail(1))
        await asyncio.sleep(600.0)
        assert scene.bench.subjects() == ["Subject 1"]

    play(scene)


@pytest.mark.parametrize("jump_s", JUMPS)
def test_mail_is_still_looked_for(jump_s: float) -> None:
    async def scene(kind: Kind, scene: Scene) -> None:
        account_id = await scene.bench.add(scene.server, kind=kind)
        await scene.bench.sync(account_id)
        scene.clock.ahead_s = jump_s
        await scene.server.deliver_async("alice", mail(1))
        await asyncio.sleep(900.0)
        assert scene.bench.subjects() == ["Subject 1"]

    for kind in Kind:
        play(partial(scene, kind))


def test_an_unsure_message_is_asked_about_although_the_clock_was_set_back() -> None:
    async def scene(scene: Scene) -> None:
        scene.server.add_fault(Fault(protocol="submission", command="END-OF-DATA", reset=True))
        account_id = await scene.bench.add(scene.server)
        await scene.bench.sync(account_id)
        await send(scene, account_id, 1)
        await asyncio.sleep(5.0)
        assert states(scene) == [SendingState.UNSURE.value]
        scene.clock.ahead_s = -DAY_S
        await asyncio.sleep(120.0)
        assert len(scene.bench.reader.questions()) == 1

    play(scene)


def test_a_clock_that_is_ahead_for_a_moment_deletes_nothing_at_a_pop3_server() -> None:
    async def scene(scene: Scene) -> None:
        for number in range(3):
            await scene.server.deliver_async("alice", mail(number))
        account_id = await scene.bench.add(scene.server, kind=Kind.POP3)
        await scene.bench.engine.command(LeaveOnServer(account_id=account_id, policy="days:1"))
        await scene.bench.sync(account_id)
        scene.clock.ahead_s = 400 * DAY_S
        await scene.bench.sync(account_id)
        assert len(await scene.subjects_at("alice")) == 3
        scene.clock.ahead_s = 0.0
        await scene.bench.sync(account_id)
        await scene.bench.sync(account_id)
        assert len(await scene.subjects_at("alice")) == 3
        # A date that still stands at the next session is believed.
        scene.clock.ahead_s = 2 * DAY_S
        await scene.bench.sync(account_id)
        assert len(await scene.subjects_at("alice")) == 3
        await scene.bench.sync(account_id)
        assert await scene.subjects_at("alice") == []
        assert len(scene.bench.rows()) == 3

    play(scene)


def test_a_clock_that_is_ahead_by_less_than_a_day_for_a_moment_deletes_nothing_either() -> None:
    """So much may pass between two sessions, but not while we looked on."""

    async def scene(scene: Scene) -> None:
        await scene.server.deliver_async("alice", mail(1))
        account_id = await scene.bench.add(scene.server, kind=Kind.POP3)
        await scene.bench.engine.command(LeaveOnServer(account_id=account_id, policy="days:1"))
        await scene.bench.sync(account_id)
        await asyncio.sleep(DAY_S / 2)
        await scene.bench.sync(account_id)
        for ahead_s in (0.75 * DAY_S, 0.0):
            scene.clock.ahead_s = ahead_s
            await scene.bench.sync(account_id)
            assert await scene.subjects_at("alice") == ["Subject 1"]

    play(scene)


@pytest.mark.parametrize("jump_s", JUMPS)
def test_of_the_last_days_what_came_under_a_wrong_clock_is_fetched_under_the_right_one(
    jump_s: float,
) -> None:
    async def scene(scene: Scene) -> None:
        account_id = await scene.bench.add(scene.server)
        await scene.bench.sync(account_id)
        await scene.bench.engine.command(
            SetMailboxPolicy(mailbox_ids=(scene.bench.mailbox(),), policy="days:30")
        )
        now = scene.clock.now()
        scene.clock.ahead_s = jump_s
        await scene.server.deliver_async("alice", mail(1), internal_date=now)
        await scene.server.deliver_async("alice", mail(2), internal_date=now - timedelta(days=100))
        await asyncio.sleep(600.0)
        scene.clock.ahead_s = 0.0
        await asyncio.sleep(900.0)
        kept = {row.subject: row.has_octets for row in scene.bench.rows()}
        assert kept["Subject 1"] is True
        assert kept["Subject 2"] is (jump_s <= -100 * DAY_S)  # what is here stays here

    play(scene)


def test_a_clock_that_is_ahead_when_the_engine_starts_deletes_nothing_at_a_pop3_server() -> None:
    async def scene(scene: Scene) -> None:
        for number in range(3):
            await scene.server.deliver_async("alice", mail(number))
        account_id = await scene.bench.add(scene.server, kind=Kind.POP3)
        await scene.bench.engine.command(LeaveOnServer(account_id=account_id, policy="days:14"))
        await scene.bench.sync(account_id)
        for ahead_s in (400 * DAY_S, 0.0):
            await scene.restart(ahead_s=ahead_s)
            await scene.bench.sync(account_id)
            assert len(await scene.subjects_at("alice")) == 3
        await scene.restart(ahead_s=20 * DAY_S)
        await scene.bench.sync(account_id)
        await scene.bench.sync(account_id)
        assert await scene.subjects_at("alice") == []  # they have been there for twenty days
        assert len(scene.bench.rows()) == 3

    play(scene)
