"""Standard input that nobody writes to: its end says that whoever started this process has gone."""

from __future__ import annotations

import os
from typing import Final

_STANDARD_INPUT: Final = 0
_AT_ONCE_OCTETS: Final = 65536


def wait_for_end() -> None:
    """Wait until nobody holds the other end any more, also one that was killed.

    What comes before is not looked at. It blocks its thread.
    """
    while os.read(_STANDARD_INPUT, _AT_ONCE_OCTETS):
        pass
