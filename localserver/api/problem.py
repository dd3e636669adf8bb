"""What went wrong, as the API says it: a status and one sentence (RFC 9457)."""

from __future__ import annotations

from aiohttp import web


class ProblemError(Exception):
    """A request is refused.

    Attributes:
        status: HTTP status.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def problem(error: ProblemError) -> web.Response:
    """Return the response for a refusal."""
    return web.json_response(
        {"status": error.status, "detail": str(error)},
        status=error.status,
        content_type="application/problem+json",
    )
