"""Waiting longer each time, never longer than the cap, and never all at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.engine.backoff import CAP_S, FIRST_S, delay_s


class Chance:
    """Gives what a test says."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def token(self, n_octets: int) -> bytes:
        return self._octets[:n_octets]


@given(st.integers(1, 10**9), st.binary(min_size=4, max_size=4))
def test_it_is_always_between_half_and_the_whole(tries: int, chance: bytes) -> None:
    full = min(CAP_S, FIRST_S * 2.0 ** min(tries - 1, 30))
    assert full / 2 <= delay_s(tries, Chance(chance)) <= full


def test_it_doubles_up_to_the_cap() -> None:
    waits = [delay_s(tries, Chance(bytes(4))) for tries in range(1, 12)]
    assert waits[:3] == [FIRST_S / 2, FIRST_S, FIRST_S * 2]
    assert waits == sorted(waits)
    assert waits[-1] == CAP_S / 2


def test_two_clients_do_not_come_back_together() -> None:
    assert delay_s(5, Chance(b"\0\0\0\0")) != delay_s(5, Chance(b"\xff\0\0\0"))
