"""Stories in all weathers: the end of each has to be the one it has in fine weather."""

from __future__ import annotations

import asyncio
import random
import traceback
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.virtual.story import story_of
from tests.simulation.virtual.weather import weather_of
from tests.simulation.virtual.world import live_through

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulation.virtual.story import Story
    from tests.simulation.virtual.weather import Weather
    from tests.simulation.virtual.world import Report

# Reconnecting has its back-off, so nobody dials more often than this for long.
_MOST_DIALS_AN_HOUR = 240
_DIALS_OF_THE_WEATHER = 400


@dataclass(slots=True)
class Tally:
    """What a campaign did.

    Attributes:
        stories: How many were told.
        deaths: How many engines died.
        troubles: How many connections met the weather.
        hours: How long all of them lasted.
        unsure: How many messages stood as unsure in the end.
        trace: What happened, as a number: the same seeds have the same.
        faults: What was wrong, by seed.
    """

    stories: int = 0
    deaths: int = 0
    troubles: int = 0
    hours: float = 0.0
    unsure: int = 0
    trace: int = 0
    faults: dict[int, list[str]] = field(default_factory=dict)


def campaign(seeds: Iterable[int], *, until_found: bool = False) -> Tally:
    """Tell the stories of some seeds, and compare; up to the first fault, if that is enough."""
    tally = Tally()
    for seed in seeds:
        if until_found and tally.faults:
            break
        faults = list(_faults_of(seed, tally))
        tally.stories += 1
        if faults:
            tally.faults[seed] = faults
    return tally


def _faults_of(seed: int, tally: Tally) -> Iterable[str]:
    story, weather = story_of(seed), weather_of(seed)
    try:
        wanted = live_through(story, seed)
        deaths = _deaths(seed, weather, wanted.events)
        report = live_through(story, seed, weather, deaths)
    except (Exception, asyncio.CancelledError):  # noqa: BLE001 - told with its seed
        yield f"{_told(story, weather)}\n{traceback.format_exc()[-4000:]}"
        return
    tally.deaths += report.lives - 1
    tally.troubles += report.troubles
    tally.hours += report.passed_s / 3600
    tally.unsure += len(report.unsure)
    tally.trace = zlib.crc32(report.trace(), tally.trace)
    for fault in _compared(wanted, report):
        yield f"{_told(story, weather)}, died at {deaths}: {fault}"


def _deaths(seed: int, weather: Weather, events: int) -> list[int]:
    chance = random.Random(f"deaths {seed}")
    return [chance.randint(1, max(2, events * 2 // 3)) for _ in range(weather.deaths)]


def _compared(wanted: Report, report: Report) -> Iterable[str]:
    yield from report.logged
    yield from report.end.differences(wanted.end, report.unsure)
    for subject, questions in report.unsure.items():
        if questions != 1:
            yield f"{subject} is unsure, with {questions} questions"
    if report.dials > _DIALS_OF_THE_WEATHER + _MOST_DIALS_AN_HOUR * report.passed_s / 3600:
        yield f"{report.dials} connections in {report.passed_s:.0f} s are a storm"


def _told(story: Story, weather: Weather) -> str:
    steps = ", ".join(step.name for step in story.steps)
    return f"without {story.without} in {weather}: {steps}"
