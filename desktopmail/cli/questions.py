"""`desktopmail questions`: decisions that wait for a person, and the answers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import numbers
from desktopmail.cli.errors import UsageError
from desktopmail.cli.output import fields
from desktopmail.door.commands import AnswerQuestion
from desktopmail.door.ids import QuestionId

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    group = commands.add_parser("questions", help="list and answer what waits for a decision")
    group.set_defaults(run=_no_action)
    actions = group.add_subparsers(metavar="ACTION")
    actions.add_parser("list", parents=[common], help="what is asked").set_defaults(run=_list)
    answer = actions.add_parser("answer", parents=[common], help="decide")
    answer.add_argument(
        "id", type=numbers.local_id, metavar="ID", help="as `questions list` shows it"
    )
    answer.add_argument("choice", metavar="CHOICE", help="one of the keys shown with it")
    answer.set_defaults(run=_answer)


async def _no_action(_context: Context, _arguments: argparse.Namespace) -> int:
    raise UsageError("Say what to do with questions: list or answer.")


async def _list(context: Context, _arguments: argparse.Namespace) -> int:
    rows = context.reader().questions() if context.accounts() else []
    line = context.output.line
    for row in rows:
        line(f"{row.id}  {row.text}")
        for key, label in row.choices:
            line(f"    {key}: {label}")
    if not rows:
        line("Nothing is asked.")
    context.output.value([fields(row) for row in rows])
    return 0


async def _answer(context: Context, arguments: argparse.Namespace) -> int:
    rows = context.reader().questions() if context.accounts() else []
    ids = [row.id for row in rows]
    numbers.refuse_unknown(arguments.id, ids, "question {}", "questions list")
    await (await context.door()).command(
        AnswerQuestion(question_id=QuestionId(arguments.id), choice=arguments.choice)
    )
    context.output.line("That is decided.")
    context.output.value({"id": arguments.id, "choice": arguments.choice})
    return 0
