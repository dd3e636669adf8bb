"""Stories in virtual time: engine, server and network in one process, in rough weather.

No message is lost, doubled or sent twice, and the end is the one of fine weather. A seed that fails
comes out the same by `python -m tests.simulation --virtual --seed N`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers.program import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PROCESSES = 2
SEEDS_EACH = 50


def tell(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--virtual", *arguments],
        cwd=ROOT, text=True, capture_output=True, timeout=280,
    )  # fmt: skip


def test_in_any_weather_the_end_is_the_one_of_fine_weather() -> None:
    def some(first: int) -> subprocess.CompletedProcess[str]:
        return tell("--first", str(first), "--seeds", str(SEEDS_EACH))

    with ThreadPoolExecutor(PROCESSES) as pool:
        told = list(pool.map(some, range(0, PROCESSES * SEEDS_EACH, SEEDS_EACH)))
    for one in told:
        assert one.returncode == 0, one.stdout[-6000:] + one.stderr[-2000:]
        (deaths,) = re.findall(r"(\d+) engines died", one.stdout)
        (troubles,) = re.findall(r"met (\d+) connections", one.stdout)
        assert int(deaths) > SEEDS_EACH / 2
        assert int(troubles) > SEEDS_EACH


def test_a_seed_comes_out_the_same_each_time() -> None:
    first, second = tell("--seed", "26"), tell("--seed", "26")
    (trace,) = re.findall(r"trace (\d+)", first.stdout)
    assert int(trace)
    assert re.findall(r"trace (\d+)", second.stdout) == [trace]


@pytest.mark.parametrize(
    "plant", ["final dot unrecorded", "append without looking", "journal forgotten"]
)
def test_a_planted_bug_is_found(plant: str) -> None:
    told = tell("--plant", plant, "--until-found", "--seeds", "150")
    assert told.returncode == 1, told.stdout[-2000:] + told.stderr[-2000:]
    assert "FAULT --virtual --seed" in told.stdout
