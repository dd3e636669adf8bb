"""A person, another device and an administrator at one account of Dovecot, in a random order.

`python -m tests.differential` goes through as many as one likes; each of these seeds is set up in
another way (`tests.differential.setup`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.differential.setup import setup_of
from tests.differential.trial import trial

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.peer("doveadm", "dovecot"),
]
STEPS = 16


@pytest.mark.parametrize("seed", [1, 1003, 1006, 1002], ids=lambda seed: str(setup_of(seed)))
async def test_in_the_end_both_sides_have_the_same(seed: int, tmp_path: Path) -> None:
    report = await trial(seed, tmp_path, steps=STEPS)
    assert report.faults == [], "\n".join(report.story)
