"""`localserver captured list|show|forget`: mail for elsewhere that was kept, not sent."""

from __future__ import annotations

import asyncio
import base64
import sys
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from desktopmail.mime.header import Header
from localserver.cli import output
from localserver.cli.folder import Data, opened
from localserver.cli.running import UnknownError, running_on
from localserver.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from localserver.cli.running import RunningServer
    from localserver.store.captured import CapturedMail
    from localserver.store.interface import Captured

app = typer.Typer(help="Mail for elsewhere that was kept instead of being sent.")

_MOST = 1000
Number = Annotated[int, typer.Argument(help="Which, as `captured list` shows it first.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@dataclass(frozen=True, slots=True)
class CapturedRow:
    """One captured message.

    Attributes:
        number: Its number.
        sender: Envelope sender; empty for a report.
        recipients: Envelope recipients.
        subject: Decoded.
        arrived: When it came, as text.
        size: Octets.
    """

    number: int
    sender: str
    recipients: list[str]
    subject: str
    arrived: str
    size: int


class CapturedAdmin(Protocol):
    """What folder and running server both do. All methods raise `StoreError` with a sentence."""

    def rows(self) -> list[CapturedRow]:
        """Return the newest thousand, the oldest first."""

    def octets(self, number: int) -> bytes:
        """Return one message."""

    async def forget(self, number: int | None) -> int:
        """Forget one, or all; returns how many."""


class FolderCaptured:
    """That of a folder on which no server runs.

    Args:
        mail: Its captured mail.
    """

    def __init__(self, mail: CapturedMail) -> None:
        self._mail = mail

    def rows(self) -> list[CapturedRow]:
        """Return the newest thousand, the oldest first."""
        return [
            CapturedRow(
                each.number, each.sender, list(each.recipients),
                Header.parse(each.octets).text("Subject") or "", each.arrived.isoformat(),
                len(each.octets),
            )
            for each in self._mail.newest(_MOST)
        ]  # fmt: skip

    def octets(self, number: int) -> bytes:
        """Return one message."""
        return self._one(number).octets

    async def forget(self, number: int | None) -> int:
        """Forget one, or all; returns how many."""
        if number is None:
            return await self._mail.clear()
        await self._mail.forget(self._one(number).number)
        return 1

    def _one(self, number: int) -> Captured:
        found = self._mail.one(number)
        if found is None:
            raise _unknown(number)
        return found


class RunningCaptured:
    """That of a running server.

    Args:
        server: Which.
    """

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    def rows(self) -> list[CapturedRow]:
        """Return the newest thousand, the oldest first."""
        rows: list[dict[str, Any]] = self._server.ask("GET", f"/api/captured?limit={_MOST}")
        return [CapturedRow(**each) for each in rows]

    def octets(self, number: int) -> bytes:
        """Return one message."""
        try:
            return self._server.octets(f"/api/captured/{number}?raw=1")
        except UnknownError as error:
            raise _unknown(number) from error

    async def forget(self, number: int | None) -> int:
        """Forget one, or all; returns how many."""
        if number is None:
            return int(self._server.ask("DELETE", "/api/captured")["messages"])
        try:
            return int(self._server.ask("DELETE", f"/api/captured/{number}")["messages"])
        except UnknownError as error:
            raise _unknown(number) from error


@app.command("list")
def list_captured(data: Data, json: Json = False) -> None:
    """List what was kept, the newest last."""

    async def work() -> None:
        async with _captured(data) as found:
            rows = found.rows()
        if json:
            output.rows([asdict(row) for row in rows], as_json=True)
            return
        for row in rows:
            to = ", ".join(row.recipients)
            words = str(row.number), row.arrived, f"from <{row.sender}>", f"to {to}", row.subject
            output.line("  ".join(words))

    asyncio.run(work())


@app.command()
def show(number: Number, data: Data, json: Json = False) -> None:
    """Write a message to standard output as it is."""

    async def work() -> None:
        async with _captured(data) as found:
            octets = found.octets(number)
        if json:
            encoded = base64.b64encode(octets).decode("ascii")
            output.line("", as_json=True, number=number, octets_base64=encoded)
            return
        sys.stdout.flush()
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()

    asyncio.run(work())


@app.command()
def forget(
    data: Data,
    number: Annotated[int | None, typer.Option("--id", help="One message; all without it.")] = None,
    json: Json = False,
) -> None:
    """Forget one message, or all."""

    async def work() -> None:
        async with _captured(data) as found:
            count = await found.forget(number)
        said = output.counted(count, "message was forgotten.", "messages were forgotten.")
        output.line(said, as_json=json, messages=count)

    asyncio.run(work())


@asynccontextmanager
async def _captured(data: Path) -> AsyncIterator[CapturedAdmin]:
    if (server := running_on(data)) is not None:
        yield RunningCaptured(server)
        return
    async with opened(data) as folder:
        yield FolderCaptured(folder.store.captured_mail)


def _unknown(number: int) -> StoreError:
    return StoreError(
        f"There is no captured message {number}; `localserver captured list` shows which there are."
    )
