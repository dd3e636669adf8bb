"""The end of standard input: whoever started the server has gone, even one that was killed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from desktopmail.standard_input import wait_for_end

if TYPE_CHECKING:
    from collections.abc import Callable


def at_eof(call: Callable[[], object]) -> None:
    """Have the end of standard input call something in the running loop.

    A thread reads it: event loops of Windows cannot wait for pipes that they did not make.
    """
    loop = asyncio.get_running_loop()

    def wait() -> None:
        wait_for_end()
        with contextlib.suppress(RuntimeError):  # the loop has ended for another reason
            loop.call_soon_threadsafe(call)

    threading.Thread(target=wait, name="standard input", daemon=True).start()
