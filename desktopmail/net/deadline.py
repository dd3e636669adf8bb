"""A time limit round a piece of a dialogue, with a sentence of what was waited for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.net.errors import TimedOutError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def deadline(
    timeout_s: float | None,
    sentence: str,
    *,
    remedy: str = "Try again later.",
    error: type[TimedOutError] = TimedOutError,
) -> AsyncIterator[asyncio.Timeout]:
    """Run the body for at most `timeout_s` seconds of the loop's clock.

    Only this deadline is mapped: a TimeoutError that the body raised itself, and a cancellation
    from outside, pass unchanged.

    Args:
        timeout_s: Seconds; None means no limit.
        sentence: What the error says ("mail.example.org did not answer to RETR in 60 s.").
        remedy: What the user can do.
        error: The class raised.

    Raises:
        TimedOutError: The body took longer.
    """
    limit = asyncio.timeout(timeout_s)
    try:
        async with limit:
            yield limit
    except TimeoutError as timeout:
        if limit.expired():
            raise error(sentence, remedy=remedy, code="timed-out") from timeout
        raise
