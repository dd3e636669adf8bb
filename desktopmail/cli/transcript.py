"""`desktopmail transcript`: what was said between the engine and the servers, secrets masked."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from desktopmail.door.queries import ReadTranscript, Transcript, TranscriptRecord

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands

_POLL_S = 0.5


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    transcript = commands.add_parser(
        "transcript", parents=[common], help="the conversations with servers, secrets masked"
    )
    transcript.add_argument("account", nargs="?", metavar="ACCOUNT")
    transcript.add_argument("--follow", action="store_true", help="go on as they continue")
    transcript.set_defaults(run=_transcript)


async def _transcript(context: Context, arguments: argparse.Namespace) -> int:
    account = None if arguments.account is None else context.account(arguments.account)
    door = await context.door()
    names = {row.id: row.name for row in context.accounts()}
    since = 0
    while True:
        answer = await door.query(
            ReadTranscript(account_id=None if account is None else account.id, since=since)
        )
        if not isinstance(answer, Transcript):
            raise TypeError(f"ReadTranscript was answered with {type(answer).__name__}")
        if answer.lost and not since:
            context.output.note(f"{answer.lost} older records are not kept any more.")
        for record in answer.records:
            since = max(since, record.number)
            if arguments.follow:
                context.output.record(_plain(record))
            for line in _lines(record):
                context.output.line(
                    f"{names.get(record.account_id, '')} {record.connection} {line}"
                )
        if not arguments.follow:
            if not answer.records:
                context.output.line("Nothing was said to a server yet.")
            context.output.value([_plain(record) for record in answer.records])
            return 0
        await asyncio.sleep(_POLL_S)


def _lines(record: TranscriptRecord) -> list[str]:
    text = record.octets.decode("utf-8", "backslashreplace")
    return [f"{record.sender}: {line}" for line in text.splitlines()]


def _plain(record: TranscriptRecord) -> dict[str, object]:
    return {
        "number": record.number,
        "account_id": record.account_id,
        "connection": record.connection,
        "at_s": record.at_s,
        "sender": record.sender,
        "text": record.octets.decode("utf-8", "replace"),
        "octets_base64": base64.b64encode(record.octets).decode("ascii"),
    }
