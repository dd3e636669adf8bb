"""The server itself: where it listens, its certificate, what it was told; and its end."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from localserver import tls
from localserver.api.problem import ProblemError

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from localserver.server import Server


async def show_server(server: Server, _request: web.Request) -> dict[str, Any]:
    """Return where everything listens, since when, and with which certificate."""
    context, config = server.context, server.context.config
    return {
        "version": version("desktopmail"),
        "pid": os.getpid(),
        "started": server.started.isoformat(),
        "host": config.host,
        "ports": server.ports,
        "domain": config.domain,
        "domains": sorted(config.local_domains),
        "data": None if context.data is None else str(context.data),
        "relay": config.relay,
        "strict": config.strict,
        "without": sorted(context.faults.without),
        "max_message_octets": config.max_message_octets,
        "quota_octets": config.quota_octets,
        "ca_file": server.ready.ca_file,
        "certificate": None if context.tls is None else _certificate(context.tls.certificate),
        "sessions": len(server.sessions.all()),
        "may_stop": server.stopping is not None,
    }


def _certificate(path: Path) -> dict[str, Any]:
    shown = tls.describe(path)
    return {
        "file": str(path),
        "names": shown.names,
        "issuer": shown.issuer,
        "not_before": shown.not_before.isoformat(),
        "not_after": shown.not_after.isoformat(),
        "sha256": shown.sha256,
    }


async def stop_server(server: Server, _request: web.Request) -> dict[str, Any]:
    """Stop the server as SIGTERM does, after this answer.

    Raises:
        ProblemError: It runs inside another program, which stops it itself (409).
    """
    if server.stopping is None:
        raise ProblemError(409, "This server runs inside another program, which stops it.")
    server.stopping.set()
    return {}
