"""All commands together, and how they end: 0, 1 with one sentence, 2 for wrong usage."""

from __future__ import annotations

import errno
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktopmail import __version__
from desktopmail.net.errors import NetError
from localserver.cli import serve
from localserver.cli.plain import UsageError, read_options
from localserver.config_file import ConfigError
from localserver.exchange.value import ExchangeError
from localserver.faults import PlanError
from localserver.store.errors import StoreError
from localserver.submission.filters import FilterError
from localserver.users import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a person can do something about; each carries its sentence.
_REFUSALS = (
    NetError, StoreError, UserError, PlanError, ConfigError, ExchangeError, FilterError
)  # fmt: skip
_REMEDIES = {
    errno.ENOENT: " Check the name.",
    errno.ENOTDIR: " Check the name.",
    errno.EISDIR: " Check the name.",
    errno.EACCES: " Check its rights, or choose another place.",
    errno.EPERM: " Check its rights, or choose another place.",
    errno.EROFS: " Choose another place.",
    errno.ENOSPC: " Make room, then try again.",
}


# What typer's parser says of an argument is about the type of Python that it becomes.
_NO_NUMBER = re.compile(
    r"Invalid value for '([^']+)': (?:Input should be a valid integer|.* is not a valid int).*"
)


def program(*, only_serve: bool = False) -> typer.Typer:
    """Return the program.

    Args:
        only_serve: Leave the other commands out: a server that is started by another program
            should not import what it does not need.
    """
    app = typer.Typer(
        name="localserver",
        help="A mail server for offline use, demos and tests: SMTP, submission, POP3 and IMAP.",
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_common)
    app.command("serve")(serve.serve)
    if not only_serve:
        _add_others(app)
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"localserver {__version__}")  # noqa: T201
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Serve mail, and look after what is kept."""


def _add_others(app: typer.Typer) -> None:
    from localserver.cli import captured, exchange, people, upkeep  # see `program`

    app.add_typer(people.app, name="user")
    app.command("import")(exchange.import_mail)
    app.command("export")(exchange.export_mail)
    app.add_typer(upkeep.snapshots, name="snapshot")
    app.add_typer(upkeep.queue, name="queue")
    app.add_typer(captured.app, name="captured")
    app.command("cert")(upkeep.cert)
    app.command("check")(upkeep.check)
    app.command("check-config")(upkeep.check_config)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return _execute(given)
    except typer.Abort:
        return 1
    except UsageError as error:
        sentence = f"localserver: {error} See localserver {error.command} --help."
        print(sentence, file=sys.stderr)  # noqa: T201
        return 2
    except _REFUSALS as error:
        print(f"localserver: {error}", file=sys.stderr)  # noqa: T201  the command line speaks here
        return 1
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        remedy = _REMEDIES.get(error.errno or 0, "")
        sentence = f"localserver: {name}{error.strerror or error}.{remedy}"
        print(sentence, file=sys.stderr)  # noqa: T201
        return 1
    except Exception as error:
        usage = _usage(error)
        if usage is None:
            raise
        print(f"localserver: {usage}", file=sys.stderr)  # noqa: T201
        return 2


def _execute(given: list[str]) -> int:
    """Run a command; returns its exit status."""
    options = read_options(serve.serve, given[1:]) if given[:1] == ["serve"] else None
    if options is not None:
        serve.serve(**options)
        return 0
    # Not standing alone, the parser returns the status that a command ended with by typer.Exit.
    command = typer.main.get_command(program(only_serve=given[:1] == ["serve"]))
    _without_types(command)
    status = command(args=given, prog_name="localserver", standalone_mode=False)
    return status if isinstance(status, int) else 0


def _without_types(command: Any) -> None:  # noqa: ANN401  typer's classes have changed their place
    """Take `<bool>` out of the help of what takes no value."""
    for each in command.get_params(typer.Context(command)):
        if getattr(each, "is_flag", False):
            each.metavar = ""
    for each in getattr(command, "commands", {}).values():
        _without_types(each)


def _usage(error: Exception) -> str | None:
    """Return the sentence of a usage error of typer's parser, or None for another error."""
    formatted = getattr(error, "format_message", None)
    if getattr(error, "exit_code", None) != 2 or formatted is None:
        return None
    sentence = _NO_NUMBER.sub(r"\1 takes a whole number", str(formatted()).rstrip("."))
    sentence += "" if sentence.endswith("?") else "."
    context = getattr(error, "ctx", None)  # of the command whose option or argument it is
    return f"{sentence} See {getattr(context, 'command_path', 'localserver')} --help."
