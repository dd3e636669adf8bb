"""`desktopmail proxy`: reach the servers through a SOCKS5 proxy, or straight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import password
from desktopmail.cli.errors import UsageError
from desktopmail.door.commands import SetProxy
from desktopmail.door.proxy import kept

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    proxy = commands.add_parser(
        "proxy", parents=[common], help="reach the servers through a SOCKS5 proxy, or straight"
    )
    proxy.add_argument(
        "proxy",
        nargs="?",
        metavar="PROXY",
        help="socks5://[USER@]HOST:PORT, or none for no proxy; without it: say what is set",
    )
    proxy.add_argument(
        "--password-stdin", action="store_true", help="read the proxy's password there"
    )
    proxy.set_defaults(run=_proxy)


def _show(context: Context, arguments: argparse.Namespace) -> int:
    if arguments.password_stdin:
        raise UsageError("Name the proxy that the password is for.")
    proxy = kept(context.profile)
    context.output.line(f"Servers are reached {f'through {proxy}' if proxy else 'straight'}.")
    context.output.value({"proxy": proxy or "none"})
    return 0


async def _proxy(context: Context, arguments: argparse.Namespace) -> int:
    if arguments.proxy is None:
        return _show(context, arguments)
    secret = password.from_stdin(arguments)
    outcome = await (await context.door()).command(SetProxy(proxy=arguments.proxy, password=secret))
    context.output.line(outcome.label)
    context.output.value({"proxy": arguments.proxy})
    return 0
