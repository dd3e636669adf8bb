"""A person sends by Postfix, and files at Dovecot, while both fail at every step.

`python -m tests.differential --sending` goes through as many trials as one likes; each of these
seeds is set up in another way (`tests.differential.sending`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.differential.sending import setup_of, trial

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.peer("postfix", "dovecot"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix has to be started by root"),
]
STEPS = 16


@pytest.mark.parametrize("seed", [32, 51], ids=lambda seed: str(setup_of(seed)))
async def test_what_is_said_to_be_sent_came_once_and_nothing_else(
    seed: int, tmp_path: Path
) -> None:
    report = await trial(seed, tmp_path, steps=STEPS)
    assert report.faults == [], "\n".join(report.story)
