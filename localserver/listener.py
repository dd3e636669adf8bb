"""The listeners of a server: one port for each protocol, and a session for each connection."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from localserver.config import IMPLICIT_TLS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.net.listen import Listener
    from desktopmail.net.ports import Executor
    from desktopmail.net.stream import Stream
    from localserver.context import ServerContext
    from localserver.sessions import Sessions

# The protocols whose sessions are imported.
_IMPORTED: Final[set[str]] = set()
# Listener → the protocol that is spoken there.
PROTOCOLS: Final = {
    "smtp": "smtp", "submission": "submission", "submissions": "submission",
    "pop3": "pop3", "pop3s": "pop3", "imap": "imap", "imaps": "imap",
}  # fmt: skip
_LOOK_AGAIN_S: Final = 0.02
_REFUSALS: Final = {
    "smtp": b"421 4.3.2 %b\r\n",
    "submission": b"421 4.3.2 %b\r\n",
    "pop3": b"-ERR [SYS/TEMP] %b\r\n",
    "imap": b"* BYE [UNAVAILABLE] %b\r\n",
}


async def open_listeners(context: ServerContext, sessions: Sessions) -> dict[str, Listener]:
    """Open a listener for each protocol of the configuration.

    Raises:
        ListenError: A port is in use or may not be used; listeners opened before it are closed.
    """
    opened: dict[str, Listener] = {}
    try:
        for name, port in context.config.listen.items():
            if name not in PROTOCOLS or (name in IMPLICIT_TLS and context.tls is None):
                continue
            opened[name] = await context.ports.listen(
                context.config.host,
                port,
                partial(serve, name, context, sessions),
                report=partial(_report, context),
            )
    except BaseException:
        await close_listeners(opened, sessions, grace_s=0.0)
        raise
    return opened


async def close_listeners(
    opened: dict[str, Listener], sessions: Sessions, *, grace_s: float
) -> None:
    """Accept no more connections, and end the sessions: idle ones now, busy ones when they can.

    Args:
        opened: What `open_listeners` returned.
        sessions: Who is connected.
        grace_s: After so many seconds those that are still busy are cut.
    """
    # Together: one after the other, the last would go on accepting for many times the grace.
    closing = asyncio.gather(*(each.aclose(grace_s=grace_s) for each in opened.values()))
    while grace_s > 0 and not closing.done():
        sessions.dismiss()
        await asyncio.wait([closing], timeout=_LOOK_AGAIN_S)
    await closing


async def serve(name: str, context: ServerContext, sessions: Sessions, stream: Stream) -> None:
    """Serve one connection to a listener, from its first octet to its last."""
    protocol = PROTOCOLS[name]
    refusal = sessions.admit(name, stream)
    if refusal is not None:
        # In the clear, even where TLS is expected: a handshake costs more than it is worth.
        stream.write(_REFUSALS[protocol] % refusal.encode())
        return
    try:
        faults = context.faults.session(protocol, stream)
        sessions.serving(stream, lambda: faults.is_idle)
        await faults.connect()
        if name in IMPLICIT_TLS and context.tls is not None:
            await faults.stream.start_tls(context.tls)
        session = await _session(protocol, context.ports.executor)
        await session(faults.stream, context)
    finally:
        sessions.leave(stream)


async def _session(
    protocol: str, executor: Executor
) -> Callable[[Stream, ServerContext], Awaitable[None]]:
    # Imported when the first client comes: a test that speaks SMTP only does not pay for IMAP. And
    # in a thread: clients of other protocols would wait for a tenth of a second.
    if protocol not in _IMPORTED:
        await executor.run(_imported, protocol)
        _IMPORTED.add(protocol)
    return _imported(protocol)


def _imported(protocol: str) -> Callable[[Stream, ServerContext], Awaitable[None]]:
    match protocol:
        case "imap":
            from localserver.imap.session import serve_imap

            return serve_imap
        case "pop3":
            from localserver.pop3.session import serve_pop3

            return serve_pop3
        case _:
            from localserver.smtp.session import serve_smtp

            return partial(serve_smtp, submission=protocol == "submission")


def _report(context: ServerContext, name: str, error: Exception) -> None:
    context.log.error("%s failed", name, exc_info=error)
