"""`localserver snapshot save|restore`, `cert`, `check`, `check-config` and `queue …`."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desktopmail.net.ports import system_ports
from desktopmail.net.tls import ServerTls
from desktopmail.tasks import TaskScope
from localserver import check as thorough
from localserver import snapshot, tls
from localserver.cli import output
from localserver.cli.folder import Data, locked, opened
from localserver.cli.running import RunningQueue, running_on
from localserver.config import Config
from localserver.config_file import read_config
from localserver.context import ServerContext
from localserver.faults import Faults
from localserver.queue.open import open_outbound
from localserver.store.errors import LockedError, StoreError
from localserver.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from localserver.queue.interface import QueueAdmin, QueueItem

snapshots = typer.Typer(help="Copies of a server's folder.")
_LOG = logging.getLogger(__name__)
queue = typer.Typer(help="Mail for elsewhere that waits.")

Target = Annotated[Path, typer.Argument(help="Where to; there must be nothing yet.")]
Source = Annotated[Path, typer.Argument(help="What `snapshot save` made.", readable=False)]
File = Annotated[Path, typer.Argument(help="As for `serve --config`.", readable=False)]
Number = Annotated[int, typer.Argument(help="Which, as `queue list` shows it first.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@snapshots.command()
def save(target: Target, data: Data, json: Json = False) -> None:
    """Copy everything to a new folder."""
    with locked(data):
        count = snapshot.save(data, target)
    said = output.counted(count, "database was saved", "databases were saved")
    output.line(f"{said} to {target}.", as_json=json, databases=count)


@snapshots.command()
def restore(source: Source, data: Data, json: Json = False) -> None:
    """Put a snapshot in the place of the folder; what was there is kept beside it."""
    with locked(data, make=True):
        count = snapshot.restore(source, data)
    said = output.counted(count, "database was restored.", "databases were restored.")
    output.line(said, as_json=json, databases=count)


def cert(
    data: Data,
    domain: Annotated[str, typer.Option(help="Mail domain.")] = "localhost",
    host: Annotated[str, typer.Option(help="Address it listens on.")] = "127.0.0.1",
    json: Json = False,
) -> None:
    """Show the certificate, made or renewed where that is due, and whom to trust."""
    folder = data / "tls"
    certificate = folder / tls.CERTIFICATE_FILE
    try:
        with locked(data, make=True):
            made = tls.ensure(folder, tls.wanted_names(domain, host), system_ports().clock.now())
    except LockedError:
        # A running server renews it itself, and knows its own names.
        made = False
        if not certificate.exists():
            raise StoreError(f"The server on {data} shows a certificate from elsewhere.") from None
    shown = tls.describe(certificate)
    lines = (
        f"certificate: {certificate}{', made now' if made else ''}",
        f"for: {', '.join(shown.names)}",
        f"until: {shown.not_after:%F}",
        f"to be trusted: {folder / tls.CA_FILE}",
    )
    output.line(
        "\n".join(lines),
        as_json=json,
        ca_file=str(folder / tls.CA_FILE),
        certificate=str(certificate),
        names=shown.names,
        expires=shown.not_after.isoformat(),
        made=made,
    )


def check(data: Data, json: Json = False) -> None:
    """Look through everything that is kept, page by page; exit 1 when something is wrong."""
    with locked(data):
        found = thorough.check(data)
    wrong = {str(path): problems for path, problems in found.items() if problems}
    lines = [f"{path}: {problem}" for path, problems in wrong.items() for problem in problems]
    seen = output.counted(len(found), "database was", "databases were")
    lines.append(f"{seen} looked through, {len(wrong)} damaged.")
    output.line("\n".join(lines), as_json=json, databases=len(found), wrong=wrong)
    if wrong:
        raise typer.Exit(1)


def check_config(file: File, json: Json = False) -> None:
    """Read a configuration file and say what is wrong, by its line."""
    config = read_config(file)
    if config.certificate is not None:
        ServerTls(config.certificate, config.key or config.certificate, config.client_ca).load()
    elif config.client_ca is not None:
        config.client_ca.read_bytes()
    output.line(f"{file} is in order.", as_json=json, file=file, ok=True)


@queue.command("list")
def list_queue(data: Data, json: Json = False) -> None:
    """List what waits."""

    async def work() -> None:
        async with _queue(data) as found:
            waiting = found.waiting()
            if json:
                output.rows([_values(each) for each in waiting], as_json=True)
                return
            for each in waiting:
                output.line(_sentence(each))

    asyncio.run(work())


def _values(item: QueueItem) -> dict[str, object]:
    return {
        "id": item.id, "recipient": item.recipient, "sender": item.sender, "size": item.size,
        "tries": item.tries, "next_try": item.next_try.isoformat(timespec="seconds"),
        "held": item.held, "last_error": item.last_error,
    }  # fmt: skip


def _sentence(item: QueueItem) -> str:
    due = "held" if item.held else f"next try {item.next_try.astimezone():%Y-%m-%d %H:%M:%S}"
    tried = output.counted(item.tries, "try", "tries")
    words = [str(item.id), f"to {item.recipient}", f"from <{item.sender}>", tried, due]
    return "  ".join([*words, item.last_error] if item.last_error else words)


def _refuse_unknown(found: QueueAdmin, number: int) -> None:
    if all(item.id != number for item in found.waiting()):
        raise StoreError(
            f"There is no message {number} in the queue; `localserver queue list` shows the ids."
        )


@queue.command()
def retry(
    data: Data,
    number: Annotated[int | None, typer.Option("--id", help="One message; all without it.")] = None,
    json: Json = False,
) -> None:
    """Make messages due now; a held one is released."""

    async def work() -> None:
        async with _queue(data) as found:
            if number is None:
                count = await found.retry()
            else:
                _refuse_unknown(found, number)
                count = await found.release(number)
            said = output.counted(count, "recipient is due now.", "recipients are due now.")
            output.line(said, as_json=json, recipients=count)

    asyncio.run(work())


@queue.command()
def drop(
    number: Number,
    data: Data,
    bounce: Annotated[bool, typer.Option("--bounce", help="Tell the sender.")] = False,
    json: Json = False,
) -> None:
    """Remove a message."""

    async def work() -> None:
        async with _queue(data) as found:
            _refuse_unknown(found, number)
            count = await found.drop(number, bounce=bounce)
            said = output.counted(count, "recipient was removed.", "recipients were removed.")
            output.line(said, as_json=json, recipients=count)

    asyncio.run(work())


@asynccontextmanager
async def _queue(data: Path) -> AsyncIterator[QueueAdmin]:
    """Open the queue without its worker: nothing is sent meanwhile; or that of a running server."""
    if (server := running_on(data)) is not None:
        yield RunningQueue(server)
        return
    async with opened(data) as folder:
        ports = system_ports()
        scope = TaskScope(lambda name, error: _LOG.error("%s: %s", name, error))
        context = ServerContext(
            config=Config(data=data, relay="mx"), users=folder.users, store=folder.store,
            ports=ports, tls=None, faults=Faults(ports.clock), scope=scope,
            log=logging.getLogger("localserver"), transcript=Transcript(ports.clock), data=data,
        )  # fmt: skip
        outbound = await open_outbound(context, work=False)
        try:
            yield outbound
        finally:
            await outbound.aclose()
            await scope.close()
