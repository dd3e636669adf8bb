"""`desktopmail account edit`: another way to the servers of an account, tried before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import password, servers
from desktopmail.cli.errors import UsageError
from desktopmail.door.commands import EditAccount, ServerChange
from desktopmail.door.rows import Auth, Security

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands


def add(actions: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the action."""
    edit = actions.add_parser(
        "edit", parents=[common], help="change the servers of an account; each is tried first"
    )
    edit.add_argument("account", metavar="N", help="name, address or id")
    secure = [str(security) for security in Security]
    proofs = [str(auth) for auth in Auth]
    for prefix, side, server, auths in (
        ("", "incoming", "--server", proofs),
        ("smtp-", "outgoing", "--smtp", servers.SMTP_AUTHS),
    ):
        edit.add_argument(
            server, metavar="HOST:PORT", type=servers.address, help=f"the {side} server"
        )
        edit.add_argument(f"--{prefix}security", choices=secure)
        edit.add_argument(f"--{prefix}auth", choices=auths)
        edit.add_argument(f"--{prefix}user", metavar="U", help="login name; empty: the address")
        servers.add_pin(edit, f"--{prefix}pin", side)
    servers.add_ca_file(edit, "none any more")
    edit.add_argument("--proxy", metavar="SOCKS5", help="socks5://[USER@]HOST:PORT, or none")
    edit.add_argument("--name", metavar="N", help="what to call it")
    edit.add_argument("--display-name", metavar="TEXT", help="the name beside the address")
    password.add_login_options(edit, unchecked="keep it without logging in first")
    edit.set_defaults(run=_edit)


def _change(arguments: argparse.Namespace, prefix: str, server: str) -> ServerChange:
    address: servers.Address | None = getattr(arguments, server)
    security, auth = (getattr(arguments, f"{prefix}{name}") for name in ("security", "auth"))
    return ServerChange(
        host=None if address is None else address.host,
        port=None if address is None else address.port,
        security=None if security is None else Security(security),
        auth=None if auth is None else Auth(auth),
        user=getattr(arguments, f"{prefix}user"),
        ca_file=arguments.ca_file,
        password_file=_password_file(arguments),
        pins=tuple(getattr(arguments, f"{prefix}pin")) or None,
        proxy=arguments.proxy,
    )


def _password_file(arguments: argparse.Namespace) -> str | None:
    """The file, or empty where the password moves from one to the keyring."""
    return "" if arguments.password_stdin else password.file_path(arguments)


async def _edit(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    if arguments.name is not None and not arguments.name.strip():
        raise UsageError("An account needs a name: that of --name is empty.")
    incoming = _change(arguments, "", "server")
    outgoing = _change(arguments, "smtp_", "smtp")
    command = EditAccount(
        account_id=account.id,
        name=arguments.name,
        display_name=arguments.display_name,
        incoming=incoming,
        outgoing=outgoing,
        password=password.from_stdin(arguments),
        check=not arguments.no_check,
        allow_cleartext=True if arguments.allow_cleartext else None,
    )
    if command == EditAccount(account_id=account.id, check=command.check):
        raise UsageError("Say what to change, as in: --server imap.example.org:993.")
    outcome = await (await context.door()).command(command)
    context.output.line(f"{outcome.label}.")
    context.output.value({"id": account.id, "name": command.name or account.name})
    return 0
