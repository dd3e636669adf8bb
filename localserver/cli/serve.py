"""`localserver serve`: run the server until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import replace
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from desktopmail.net.ports import system_ports
from desktopmail.stop_signals import stop_signals
from localserver.cli.plain import UsageError
from localserver.cli.until_eof import at_eof
from localserver.config import DEFAULT_PORTS, IMPLICIT_TLS, STANDARD_PORTS, Config, is_domain
from localserver.config_file import ConfigError, read_config
from localserver.faults import read_plan
from localserver.server import start_server
from localserver.users import UserError

if TYPE_CHECKING:
    from localserver.faults import Fault
    from localserver.server import Server

_STANDARD: Final = [port for name, port in STANDARD_PORTS.items() if name != "api"]
_DIALOGUE: Final = logging.getLogger("localserver.dialogue")
_SHOWN_USERS: Final = 8
_KEPT_BLOCK_OCTETS: Final = 16 * 1024 * 1024


def _port(name: str) -> str:
    """Say in the help of an option which port it is without it."""
    return f"Port{' (TLS)' if name in IMPLICIT_TLS else ''}, by default {DEFAULT_PORTS[name]}"


def serve(
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps everything.", readable=False)
    ] = None,
    memory: Annotated[bool, typer.Option("--memory", help="Keep everything in memory.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="TOML file; options win over it.", readable=False)
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    smtp: Annotated[
        int | None, typer.Option(help=f"{_port('smtp')}; 0 for a free one, -1 for none.")
    ] = None,
    submission: Annotated[int | None, typer.Option(help=f"{_port('submission')}.")] = None,
    submissions: Annotated[int | None, typer.Option(help=f"{_port('submissions')}.")] = None,
    pop3: Annotated[int | None, typer.Option(help=f"{_port('pop3')}.")] = None,
    pop3s: Annotated[int | None, typer.Option(help=f"{_port('pop3s')}.")] = None,
    imap: Annotated[int | None, typer.Option(help=f"{_port('imap')}.")] = None,
    imaps: Annotated[int | None, typer.Option(help=f"{_port('imaps')}.")] = None,
    api: Annotated[
        int | None, typer.Option(help=f"{_port('api')}: the administration API.")
    ] = None,
    standard_ports: Annotated[
        bool, typer.Option("--standard-ports", help=", ".join(map(str, _STANDARD)) + ".")
    ] = False,
    domain: Annotated[str | None, typer.Option(help="Mail domain (default localhost).")] = None,
    user: Annotated[
        list[str] | None, typer.Option(help="NAME:PASSWORD, for this run; may be repeated.")
    ] = None,
    users_file: Annotated[
        Path | None, typer.Option(help="NAME:PASSWORD lines.", readable=False)
    ] = None,
    catch_all: Annotated[str | None, typer.Option(help="User for unknown addresses.")] = None,
    fault_plan: Annotated[
        Path | None, typer.Option(help="TOML file of faults.", readable=False)
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Capability to switch off; may be repeated.")
    ] = None,
    relay: Annotated[
        str | None, typer.Option(help="capture (default), mx, or smarthost=HOST:PORT.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse what the standards refuse."),
    ] = False,
    plaintext_login: Annotated[
        bool, typer.Option("--plaintext-login", help="Passwords without TLS from anywhere.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="Own certificate chain, PEM.", readable=False)
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key, PEM.", readable=False)] = None,
    quota: Annotated[int | None, typer.Option(help="Octets of each user.")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Written when all is bound.", readable=False)
    ] = None,
    until_eof: Annotated[
        bool,
        typer.Option(
            "--until-eof", help="End with standard input, too: with the program that started it."
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help="Show on stderr what is said, as it is; secrets masked."),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="For programs: nothing is said to a person besides.")
    ] = False,
) -> None:
    """Serve mail until SIGTERM or SIGINT; then finish what was acknowledged and end with 0."""
    base = Config() if config is None else read_config(config)
    listen = {
        "smtp": smtp, "submission": submission, "submissions": submissions, "pop3": pop3,
        "pop3s": pop3s, "imap": imap, "imaps": imaps, "api": api,
    }  # fmt: skip
    if certificate is None and key is not None:
        raise UsageError("--key needs --certificate.")
    if quota is not None and quota < 1:
        raise UsageError("--quota is at least 1.")
    if memory:
        base = replace(base, data=None)
    if memory == ((data or base.data) is not None):
        raise UsageError("Say where the mail is kept: either --data DIR or --memory.")
    chosen = base.merged(
        data=data,
        host=host,
        listen=_ports(STANDARD_PORTS if standard_ports else base.listen, listen),
        domain=domain,
        catch_all=catch_all,
        without=frozenset(name.upper() for name in without) if without else None,
        plaintext_login=plaintext_login or None,
        relay=relay,
        strict=strict or None,
        certificate=certificate,
        key=key,
        quota_octets=quota,
    )
    if chosen.data is not None and chosen.data.exists() and not chosen.data.is_dir():
        raise ConfigError(f"{chosen.data} is a file; --data names a folder.")
    if not is_domain(chosen.domain):
        refusal = ConfigError if domain is None else UsageError
        raise refusal(f"--domain {chosen.domain!r} is no domain, as in example.org.")
    if chosen.relay != "capture":
        _check_relay(chosen.relay, ConfigError if relay is None else UsageError)
    try:
        users = [_pair(text) for text in user or []]
    except UserError as error:
        raise UsageError(f"--user: {error}") from error
    if users_file is not None:
        users += read_users(users_file)
    plan = [] if fault_plan is None else read_plan(fault_plan)
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("localserver").setLevel(logging.INFO)  # who was sent away, and why
    _DIALOGUE.setLevel(logging.WARNING)
    if verbose:
        _show_dialogue()
    # The loop reads into a fresh buffer of 256 KiB. glibc would ask the system for each and give
    # it back, unless one larger block was freed before: then it keeps them (mallopt(3),
    # M_MMAP_THRESHOLD). The memory of this one is never touched.
    del bytearray(_KEPT_BLOCK_OCTETS)[:]
    is_read = sys.stderr.isatty() and not json
    asyncio.run(_serve(chosen, users, plan, ready_file, is_read=is_read, until_eof=until_eof))


async def _serve(
    config: Config,
    users: list[tuple[str, str]],
    plan: list[Fault],
    ready_file: Path | None,
    *,
    is_read: bool,
    until_eof: bool,
) -> None:
    stopping = asyncio.Event()
    with stop_signals(stopping.set):
        if until_eof:
            at_eof(stopping.set)
        server = await start_server(config, system_ports(), users=users, plan=plan)
        server.stopping = stopping
        if _DIALOGUE.isEnabledFor(logging.INFO):
            server.context.transcript.on_record(lambda each: _DIALOGUE.info("%s", each.text()))
        try:
            if ready_file is not None:
                server.ready.write(ready_file)
            print(server.ready.to_json(), flush=True)  # noqa: T201  programs read it
            if is_read:
                print(summary(server), file=sys.stderr)  # noqa: T201  and this is for a person
            await stopping.wait()
        finally:
            await server.aclose()
            if ready_file is not None:
                await asyncio.get_running_loop().run_in_executor(None, _remove, ready_file)


def summary(server: Server) -> str:
    """Return what a person wants to know of a server that has started."""
    config = server.context.config
    ports = ", ".join(
        f"{name} {port}" + (" (TLS)" if name in IMPLICIT_TLS else "")
        for name, port in server.ports.items()
    )
    names = [user.name for user in server.context.users.all()]
    if not names:
        users = (
            "Nobody can log in yet: add users with --user NAME:PASSWORD or `localserver user add`."
        )
    else:
        users = f"Users at {config.domain}: {', '.join(names[:_SHOWN_USERS])}"
        users += ", …" if len(names) > _SHOWN_USERS else "."
    elsewhere = {
        "capture": "is captured: nothing leaves this machine",
        "mx": "is sent to its servers",
    }.get(config.relay, f"goes to {config.relay.partition('=')[2]}")
    return f"On {config.host}: {ports}.\n{users}\nMail for elsewhere {elsewhere}. Ctrl+C ends it."


def _show_dialogue() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _DIALOGUE.addHandler(handler)
    _DIALOGUE.setLevel(logging.INFO)
    _DIALOGUE.propagate = False


def _check_relay(relay: str, refusal: type[Exception]) -> None:
    from localserver.queue.open import parse_relay  # DNS and SMTP clients: see `start_server`

    try:
        parse_relay(relay)
    except ValueError as error:
        raise refusal(str(error)) from error


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _ports(base: dict[str, int], given: dict[str, int | None]) -> dict[str, int]:
    """Return the port of each protocol that is served; -1 switches one off."""
    ports = {**base, **{name: port for name, port in given.items() if port is not None}}
    if wrong := [name for name, port in ports.items() if not -1 <= port <= 65535]:
        raise UsageError(f"--{wrong[0]} takes a port between 0 and 65535.")
    return {name: ports[name] for name in DEFAULT_PORTS if ports.get(name, -1) >= 0}


def _pair(text: str) -> tuple[str, str]:
    name, colon, password = text.partition(":")
    if not colon or not name or not password:
        raise UserError("A user is given as NAME:PASSWORD.")
    return name, password


def read_users(path: Path) -> list[tuple[str, str]]:
    """Read NAME:PASSWORD lines; empty ones and those that begin with # are skipped.

    Raises:
        UserError: It is not UTF-8, or a line is none; its number is named, its text is not.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8.") from error
    users = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                users.append(_pair(line.strip()))
            except UserError as error:
                raise UserError(f"{path}, line {number}: {error}") from error
    return users
