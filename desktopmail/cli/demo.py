"""`desktopmail demo` without a display: the main job, done and said line by line."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.cli.context import Context
from desktopmail.cli.errors import CommandError
from desktopmail.cli.parser import add_looks, looks
from desktopmail.cli.send import built, hand_over
from desktopmail.door.commands import StartSandbox, SyncAccounts
from desktopmail.door.rows import Role, SendingState, View
from desktopmail.mime import address, answers, compose
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from desktopmail.cli.declaration import Commands
    from desktopmail.door.rows import AccountRow, MessageRow

_TIMEOUT_S = 60.0
_POLL_S = 0.1
_SUBJECT = "Shall we try it out?"
_PICTURE = "desktopmail-demo.png"


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    demo = commands.add_parser(
        "demo", parents=[common], help="the window on a sandbox: a bundled server with sample mail"
    )
    demo.add_argument(
        "--screenshot", metavar="FILE", type=Path, help="save a picture of it, and end"
    )
    add_looks(demo)
    demo.set_defaults(run=_demo)


async def _demo(context: Context, arguments: argparse.Namespace) -> int:
    picture: Path = arguments.screenshot or Path.cwd() / _PICTURE
    if arguments.profile is not None:
        await _show(context, picture, looks(arguments))
        return 0
    # A profile that was not named is gone afterwards, whatever happens.
    folder = Path(tempfile.mkdtemp(prefix="desktopmail-demo-"))
    sandbox = Context(folder, context.output)
    try:
        await _show(sandbox, picture, looks(arguments))
    finally:
        await sandbox.aclose()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


async def _show(context: Context, picture: Path, look: Sequence[str]) -> None:
    say = context.output.line
    say("Starting the bundled mail server with sample mail …")
    door = await context.door()
    outcome = await door.command(StartSandbox())
    accounts = [account for account in context.accounts() if account.id in outcome.ids]
    for account in accounts:
        mailboxes = context.reader().mailboxes(account.id)
        total = sum(mailbox.total for mailbox in mailboxes)
        kind = account.kind.upper()
        say(f"{account.address} ({kind}): {total} messages in {len(mailboxes)} mailboxes")
    first, second = accounts
    text = (
        "Does this reach you?\n\nIf you can read it, then so did two servers and two protocols.\n"
    )
    draft = compose.Draft(
        sender=address.Mailbox(first.display_name, first.address),
        to=(address.Mailbox(second.display_name, second.address),),
        subject=_SUBJECT,
        text=text,
    )
    await _send(context, first, draft)
    say(f"{first.address} sent “{_SUBJECT}” to {second.address}.")
    arrived = await _arrival(context, second, _SUBJECT)
    say(f"{second.address} fetched it by {second.kind.upper()}: message {arrived.message_id}.")
    answer = answers.reply(
        Message.parse(context.reader().octets(arrived.message_id) or b""),
        own=(address.Mailbox(second.display_name, second.address),),
    )
    await _send(context, second, _answered(answer))
    say(f"{second.address} answered.")
    answered = await _arrival(context, first, f"Re: {_SUBJECT}")
    kind = first.kind.upper()
    say(f"{first.address} fetched the answer by {kind}: message {answered.message_id}.")
    saved = await _save_picture(context, picture, look)
    if saved:
        say(f"A picture of the window is in {saved}.")
    say("There is no display here. To get the window, run `desktopmail demo` in a desktop session.")
    context.output.value(
        {
            "accounts": [account.address for account in accounts],
            "sent": arrived.message_id,
            "answered": answered.message_id,
            "picture": str(saved) if saved else None,
        }
    )


def _answered(draft: compose.Draft) -> compose.Draft:
    fields = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
    return compose.Draft(**{**fields, "text": "Loud and clear.\n\n" + draft.text})


async def _send(context: Context, account: AccountRow, draft: compose.Draft) -> None:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            row = await hand_over(context, account, built(draft, account), wait=True)
    except TimeoutError as error:
        raise CommandError(f"The message was not sent within {_TIMEOUT_S:.0f} seconds.") from error
    if row.state is not SendingState.DONE:
        raise CommandError(f"The message was not sent: {row.problem}")


async def _arrival(context: Context, account: AccountRow, subject: str) -> MessageRow:
    """Fetch mail until a message of that subject is in the account's Inbox."""
    door = await context.door()
    for _ in range(int(_TIMEOUT_S / _POLL_S)):
        await door.command(SyncAccounts(account_ids=(account.id,)))
        inboxes = [
            mailbox.id
            for mailbox in context.reader().mailboxes(account.id)
            if mailbox.role is Role.INBOX
        ]
        for row in context.reader().window(View(mailbox_ids=tuple(inboxes)), 0, 20):
            if row.subject == subject and row.has_octets:
                return row
        await asyncio.sleep(_POLL_S)
    raise CommandError(f"“{subject}” did not arrive within {_TIMEOUT_S:.0f} seconds.")


async def _save_picture(context: Context, picture: Path, look: Sequence[str]) -> Path | None:
    """Have a window drawn offscreen on this profile, by the program itself."""
    if importlib.util.find_spec("PySide6") is None:
        context.output.note("There is no picture: the window needs the extra `desktopmail[gui]`.")
        return None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "desktopmail",
        "--profile",
        str(context.profile.folder),
        "--screenshot",
        str(picture),
        *look,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        reason = said.decode("utf-8", "replace").strip().splitlines()
        context.output.note(f"There is no picture: {reason[-1] if reason else 'the window ended'}")
        return None
    return picture
