"""What a machine wants to have sent, in segments marked plain or secret.

This floor is the only one that knows which octets are secret, so redaction happens here: the pump
sends `Segment.octets` and gives `Segment.redacted` to the transcript.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """Octets to be sent, in order.

    Attributes:
        octets: What goes to the socket.
        mask: What a transcript shows in their place (`"<password>"`), or None when they are plain.
    """

    octets: bytes
    mask: str | None = None

    @property
    def redacted(self) -> bytes:
        """The octets as a transcript may show them."""
        return self.octets if self.mask is None else self.mask.encode()


@dataclass(frozen=True, slots=True)
class Pending(Segment):
    """The place of octets that were announced and are given to the machine piece by piece.

    Attributes:
        size: How many there are.
    """

    size: int = 0


class Output:
    """Collects segments until the pump takes them; neighbouring plain octets are joined."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._plain: list[bytes] = []

    def write(self, octets: bytes) -> None:
        """Add plain octets."""
        if octets:
            self._plain.append(octets)

    def write_secret(self, octets: bytes, mask: str) -> None:
        """Add octets that no transcript may show; `mask` stands for them there."""
        self._settle()
        self._segments.append(Segment(octets, mask))

    def take(self) -> list[Segment]:
        """Return everything collected so far, and forget it."""
        if not self._segments:  # nothing is secret: nearly always
            plain = self._plain
            if not plain:
                return []
            octets = plain[0] if len(plain) == 1 else b"".join(plain)
            plain.clear()
            return [Segment(octets)]
        self._settle()
        segments, self._segments = self._segments, []
        return segments

    def __bool__(self) -> bool:
        return bool(self._segments or self._plain)

    def _settle(self) -> None:
        if self._plain:
            self._segments.append(Segment(b"".join(self._plain)))
            self._plain.clear()
