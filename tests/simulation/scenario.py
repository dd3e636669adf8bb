"""What an engine is made to do while it is killed, so that it can be gone on with after each death.

A scenario is a list of steps, each with a sentence that is true once it was done for good. Whoever
goes on after a death begins behind the last step that is done; a step that was acknowledged and is
not done was lost, and that is what these tests are for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.desk import LostError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from localserver.local import LocalServer
    from tests.simulation.desk import Desk


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a person has the engine do.

    Attributes:
        done: Whether it was done; from then on for good, unless it is `passing`.
    """

    name: str
    do: Callable[[Desk], Awaitable[None]]
    done: Callable[[Desk], bool]
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is killed.

    Attributes:
        fill: Gives the server its mail, and writes files that are needed.
        steps: In order.
        bounds: Of modules of `engine.sync` (`fetch.FIRST_SCREEN`), smaller ones than those of the
            program: few messages are a large mailbox then.
    """

    name: str
    fill: Callable[[LocalServer, Path], None]
    steps: tuple[Step, ...]
    bounds: Mapping[str, int] = field(default_factory=dict)

    async def go_on(self, desk: Desk) -> None:
        """Do what is not done yet, and bring it to its end.

        Raises:
            LostError: What had been acknowledged is not done.
            UnsettledError: It comes to no end.
        """
        for step in left(self.name, self.steps, desk):
            await step.do(desk)
            desk.say(step.name)
        await desk.settle()


def left(name: str, steps: Sequence[Step], desk: Desk) -> Sequence[Step]:
    """What of a scenario is still to be done.

    Raises:
        LostError: What had been acknowledged is not done.
    """
    done = [step.name in desk.acknowledged or step.done(desk) for step in steps]
    for step in steps:
        if step.name in desk.acknowledged and not step.passing and not step.done(desk):
            raise LostError(f"{name}: “{step.name}” was acknowledged and is lost")
    behind = max((number for number, is_done in enumerate(done, 1) if is_done), default=0)
    return steps[behind:]
