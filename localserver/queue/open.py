"""Makes the outbound that the configuration asks for: capturing, to a smarthost, or by MX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.endpoint import split_host_port
from localserver.queue.attempt import Attempts
from localserver.queue.capture import CapturingOutbound
from localserver.queue.relay import RelayQueue
from localserver.queue.route import DnsResolver, Hop
from localserver.queue.table import SCHEMA, QueueTable
from localserver.store.database import open_database

if TYPE_CHECKING:
    from localserver.context import ServerContext
    from localserver.queue.outbound import Outbound
    from localserver.queue.route import Resolver
    from localserver.queue.schedule import Schedule


def parse_relay(text: str) -> Hop | None:
    """Read `smarthost=HOST:PORT`; None for `capture` and `mx`.

    Raises:
        ValueError: It is none of the three; the text is a sentence.
    """
    if text in {"capture", "mx"}:
        return None
    kind, _, where = text.partition("=")
    if kind != "smarthost":
        raise ValueError(f"--relay {text!r} is neither capture, mx, nor smarthost=HOST:PORT.")
    host, port = split_host_port(where)
    return Hop(host, port)


async def open_outbound(
    context: ServerContext,
    *,
    resolver: Resolver | None = None,
    schedule: Schedule | None = None,
    work: bool = True,
) -> Outbound:
    """Make it, and start its worker in the server's scope.

    Args:
        context: The server.
        resolver: DNS; None asks the system's name servers.
        schedule: When to try; None is the one of `schedule.py`.
        work: False leaves it to the caller to call `run_due`.

    Raises:
        ValueError: `config.relay` is wrong; the text is a sentence.
        StoreError: The queue cannot be opened.
    """
    smarthost = parse_relay(context.config.relay)
    if context.config.relay == "capture":
        return CapturingOutbound(context.store)
    path = None if context.data is None else context.data / "queue.sqlite"
    database = await open_database(path, SCHEMA, context.ports.executor)
    queue = RelayQueue(
        context,
        database,
        QueueTable(database),
        Attempts(context.ports, context.config.domain),
        resolver or DnsResolver(),
        smarthost=smarthost,
        schedule=schedule,
    )
    if work:
        context.scope.spawn(queue.work(), name="the queue")
    return queue
