"""Three ways in which the same octets may arrive."""

from collections.abc import Iterator


def whole(octets: bytes) -> list[bytes]:
    """All at once."""
    return [octets]


def octet_by_octet(octets: bytes) -> list[bytes]:
    """One at a time."""
    return [octets[i : i + 1] for i in range(len(octets))]


def in_pieces(octets: bytes, size: int) -> list[bytes]:
    """In pieces of one size."""
    return [octets[i : i + size] for i in range(0, len(octets), size)]


def at(octets: bytes, cuts: list[int]) -> list[bytes]:
    """Cut at the given places (each taken modulo the length)."""
    places = sorted({cut % (len(octets) + 1) for cut in cuts})
    return [octets[a:b] for a, b in zip([0, *places], [*places, len(octets)], strict=True)]


def every_way(octets: bytes) -> Iterator[list[bytes]]:
    """Whole, octet by octet, and in pieces of 2 to 7."""
    yield whole(octets)
    yield octet_by_octet(octets)
    for size in range(2, 8):
        yield in_pieces(octets, size)
