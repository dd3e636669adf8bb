"""Large literals that go to somebody's sink as they come, instead of into an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.net.imap_running import Running
    from desktopmail.wire.imap.announced import Announced

# Literals above this go to a sink, when there is one.
STREAM_OVER_OCTETS: Final = 64 * 1024


class Sink(Protocol):
    """Takes one large literal as it comes."""

    def write(self, octets: bytes) -> object:
        """Take some octets; what it returns is not looked at."""

    def close(self) -> None:
        """The literal is complete."""


class OpenSink:
    """The sink of the literal that is coming, if somebody wants it.

    What a sink raises is the failure of its command; the rest of the literal is lost then, and the
    connection goes on.
    """

    def __init__(self) -> None:
        self._running: Running | None = None
        self._sink: Sink | None = None

    def open(self, candidates: Iterable[Running], announced: Announced, size: int) -> None:
        """Begin a literal: the first command that takes literals makes a sink for it.

        Args:
            candidates: The commands without an answer.
            announced: What was said before the literal.
            size: Its octets.
        """
        for running in candidates:
            if running.sink is not None and running.failure is None:
                self._running = running
                try:
                    self._sink = running.sink(announced, size)
                except Exception as error:  # noqa: BLE001  (the caller's sink; the caller gets it)
                    running.failure = error
                return

    def pour(self, octets: bytes) -> None:
        """Give the next octets."""
        if self._sink is not None:
            try:
                self._sink.write(octets)
            except Exception as error:  # noqa: BLE001  (the caller's sink; the caller gets it)
                self._fail(error)

    def close(self) -> None:
        """End the literal."""
        if self._sink is not None:
            try:
                self._sink.close()
            except Exception as error:  # noqa: BLE001  (the caller's sink; the caller gets it)
                self._fail(error)
            self._sink = None

    def _fail(self, error: Exception) -> None:
        self._sink = None
        if self._running is not None:
            self._running.failure = error
