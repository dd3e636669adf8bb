"""How long to wait before the next try: longer each time, capped, and never two alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.net.ports import Entropy

FIRST_S = 2.0
CAP_S = 300.0


def delay_s(
    tries: int, entropy: Entropy, *, first_s: float = FIRST_S, cap_s: float = CAP_S
) -> float:
    """Return the seconds to wait after so many tries that failed (1, 2, …).

    Half of it is chance, so that a server that comes back is not met by all its clients at once.
    """
    full = min(cap_s, first_s * 2.0 ** min(tries - 1, 30))
    chance = int.from_bytes(entropy.token(4), "big") / 2**32
    return float(full * (0.5 + chance / 2))
