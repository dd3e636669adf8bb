"""An engine and a server in virtual time: what takes days is over in a moment.

`play(scene)` runs a scene: a function that is given a `Bench` as of `tests.helpers.engine`, a clock
whose date may be set wrong, and the network.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.profile import Profile
from desktopmail.engine.engine import Engine
from desktopmail.net.ports import InlineExecutor, Ports
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, MemoryKeyring
from tests.simulation.virtual.loop import VirtualLoop
from tests.simulation.virtual.ports import SeededEntropy, VirtualClock
from tests.simulation.virtual.weather import FINE, Weather
from tests.simulation.virtual.wire import WeatherNetwork, Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_LONGEST_S = 400 * 86_400.0


@dataclass(slots=True)
class Scene:
    """What a scene is given.

    Attributes:
        bench: The engine.
        server: Ask it with its async methods.
        clock: Set its `ahead_s`.
        wire: Counts connections.
        begin: Starts an engine on the profile.
    """

    bench: Bench
    server: LocalServer
    clock: VirtualClock
    wire: Wire
    begin: Callable[[], Awaitable[Bench]]

    async def restart(self, *, ahead_s: float) -> None:
        """End the engine, and start another one on its profile when the date is so far ahead."""
        await self.bench.close()
        self.clock.ahead_s = ahead_s
        self.bench = await self.begin()

    async def subjects_at(self, user: str, mailbox: str = "INBOX") -> list[str]:
        """The subjects that the server has."""
        return sorted(one.subject for one in await self.server.messages_async(user, mailbox))

    async def renumber(self, user: str, *mailboxes: str) -> None:
        """Give mailboxes of the server another UIDVALIDITY, and their messages UIDs from 1 on."""
        account = await self.server.server.store.account(user)
        for mailbox in mailboxes:
            await account.new_uidvalidity(account.mailbox(mailbox))


def play(
    scene: Callable[[Scene], Awaitable[None]],
    *,
    without: tuple[str, ...] = (),
    weather: Weather = FINE,
) -> None:
    """Run a scene in virtual time."""
    loop = VirtualLoop(until_s=_LONGEST_S)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_play(loop, scene, without, weather))


async def _play(
    loop: VirtualLoop,
    scene: Callable[[Scene], Awaitable[None]],
    without: tuple[str, ...],
    weather: Weather,
) -> None:
    clock = VirtualClock(loop)
    wire = Wire(loop, weather, random.Random(1))
    network = WeatherNetwork(wire)
    entropy = SeededEntropy(random.Random(2))
    ports = Ports(clock, entropy, network, InlineExecutor(), network.listen)
    with tempfile.TemporaryDirectory() as folder:
        async with LocalServer(PASSWORDS, without=("TLS", *without), ports=ports) as server:
            keyring = MemoryKeyring()

            async def begin() -> Bench:
                engine = Engine(
                    Profile.at(Path(folder)),
                    ports,
                    store_executor=InlineExecutor(),
                    keyring_executor=InlineExecutor(),
                    keyring=keyring,
                )
                await engine.start()
                return Bench(engine)

            given = Scene(await begin(), server, clock, wire, begin)
            try:
                await scene(given)
            finally:
                await given.bench.close()
