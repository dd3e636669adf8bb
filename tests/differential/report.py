"""What is told of a trial."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """What came of a trial.

    Attributes:
        setup: How the servers were set up.
        story: What was done, in order.
        faults: What must not be.
        failed: Operations that the server did not take, with why.
        refused: Commands that the engine did not take, with why.
        log: What the engine logged.
        sendings: How many messages ended in which state.
    """

    seed: int
    setup: str
    story: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    log: str = ""
    sendings: Counter[str] = field(default_factory=Counter)
    kills: int = 0

    def take_log(self, log: str) -> None:
        """Keep what the engine logged; what it calls an error is a fault."""
        self.log = log
        self.faults += [
            line for line in log.splitlines() if "Traceback" in line or " ERROR " in line
        ]
