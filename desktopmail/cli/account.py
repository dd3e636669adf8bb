"""`desktopmail account`: add, list, show, remove, check, discover and switch accounts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from desktopmail.cli import account_edit, password, servers
from desktopmail.cli.context import NO_ACCOUNTS
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.output import fields, joined, moment, octets
from desktopmail.door.commands import (
    AddAccount,
    LeaveOnServer,
    RemoveAccount,
    ServerSettings,
    SetMailboxPolicy,
    SetPassword,
    SwitchAccount,
)
from desktopmail.door.policy import EVERYTHING, Policy
from desktopmail.door.queries import CheckAccount, CheckReport, DiscoverAccount, Discovered
from desktopmail.door.rows import Auth, Kind, Security

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this group."""
    group = commands.add_parser(
        "account", help="add, list, show, remove, check and switch accounts"
    )
    group.set_defaults(run=_no_action)
    actions = group.add_subparsers(metavar="ACTION")

    adding = actions.add_parser("add", parents=[common], help="add an account")
    adding.add_argument(
        "--address",
        required=True,
        metavar="A",
        type=servers.mail_address,
        help="the address, anna@example.org",
    )
    incoming = adding.add_mutually_exclusive_group(required=True)
    incoming.add_argument("--imap", metavar="HOST:PORT", type=servers.address)
    incoming.add_argument("--pop3", metavar="HOST:PORT", type=servers.address)
    adding.add_argument("--smtp", metavar="HOST:PORT", type=servers.address, required=True)
    secure = [str(security) for security in Security]
    proofs = [str(auth) for auth in Auth]
    adding.add_argument("--security", choices=secure, default="tls", help="default: tls")
    adding.add_argument("--smtp-security", choices=secure, help="default: as --security")
    adding.add_argument("--auth", choices=proofs, default="auto", help="default: auto")
    adding.add_argument(
        "--smtp-auth", choices=servers.SMTP_AUTHS, help="default: as --auth where SMTP has it"
    )
    adding.add_argument("--user", default="", metavar="U", help="login name; default: the address")
    adding.add_argument("--smtp-user", metavar="U", help="default: as --user")
    servers.add_ca_file(adding, "none")
    servers.add_pin(adding, "--pin", "incoming")
    servers.add_pin(adding, "--smtp-pin", "outgoing")
    adding.add_argument(
        "--proxy",
        default="",
        metavar="SOCKS5",
        help="socks5://[USER@]HOST:PORT, or none; default: that of the profile",
    )
    adding.add_argument("--name", metavar="N", help="what to call it; default: the address")
    adding.add_argument(
        "--display-name", default="", metavar="TEXT", help="the name beside the address"
    )
    adding.add_argument(
        "--policy",
        type=_a_policy,
        default=EVERYTHING,
        metavar="everything|days:N|headers",
        help="what is fetched whole; default: everything (IMAP)",
    )
    password.add_login_options(adding, unchecked="save it without logging in first")
    adding.set_defaults(run=_add)

    actions.add_parser("list", parents=[common], help="list the accounts").set_defaults(run=_list)
    for name, run, text in (
        ("show", _show, "show one account"),
        ("remove", _remove, "remove an account and its local mail; the server keeps its own"),
        ("check", _check, "go through the servers of an account step by step"),
    ):
        action = actions.add_parser(name, parents=[common], help=text)
        action.add_argument("account", metavar="N", help="name, address or id")
        action.set_defaults(run=run)
        if name == "remove":
            action.add_argument(
                "--with-its-mail",
                action="store_true",
                help="remove mail that exists only here, too: it is gone then",
            )
    secret = actions.add_parser(
        "password", parents=[common], help="give an account another password, from standard input"
    )
    secret.add_argument("account", metavar="N", help="name, address or id")
    secret.add_argument("--smtp", action="store_true", help="the one of the outgoing server alone")
    secret.set_defaults(run=_password, password_stdin=True)

    switch = actions.add_parser(
        "switch", parents=[common], help="fetch by the other protocol; nothing is fetched twice"
    )
    switch.add_argument("account", metavar="N", help="name, address or id")
    switch.add_argument("--to", required=True, choices=[str(kind) for kind in Kind])
    switch.add_argument(
        "--server",
        metavar="HOST:PORT",
        type=servers.address,
        required=True,
        help="of that protocol",
    )
    switch.add_argument("--security", choices=secure, help="default: as now")
    switch.add_argument("--auth", choices=proofs, default="auto", help="default: auto")
    switch.add_argument("--user", metavar="U", help="default: as now")
    servers.add_ca_file(switch, "none, or as now at the same host")
    servers.add_pin(switch, "--pin", "incoming")
    password.add_options(switch)
    switch.set_defaults(run=_switch)
    account_edit.add(actions, common)
    policy = actions.add_parser(
        "policy", parents=[common], help="say how much of the mail is kept here (IMAP)"
    )
    policy.add_argument("account", metavar="N", help="name, address or id")
    policy.add_argument(
        "policy",
        type=_a_policy,
        metavar="everything|days:N|headers",
        help="what is fetched whole: all, what arrived in the last N days, or nothing",
    )
    policy.add_argument(
        "--mailbox", metavar="M", help="default: all that the account has and will have"
    )
    policy.set_defaults(run=_policy)
    leave = actions.add_parser(
        "leave", parents=[common], help="how long messages stay at a POP3 server"
    )
    leave.add_argument("account", metavar="N", help="name, address or id")
    leave.add_argument("policy", metavar="POLICY", help="forever, days:N or until-deleted")
    leave.set_defaults(run=_leave)
    discover = actions.add_parser(
        "discover", parents=[common], help="find the servers of an address"
    )
    discover.add_argument("address", metavar="ADDRESS", type=servers.mail_address)
    discover.set_defaults(run=_discover)


async def _no_action(_context: Context, _arguments: argparse.Namespace) -> int:
    actions = "add, list, show, edit, remove, check, discover, policy, leave, switch or password"
    raise UsageError(f"Say what to do with accounts: {actions}.")


def _settings(
    arguments: argparse.Namespace,
    address: servers.Address,
    *,
    security: str,
    auth: str,
    user: str,
    pins: Sequence[str] = (),
) -> ServerSettings:
    return ServerSettings(
        host=address.host,
        port=address.port,
        security=Security(security),
        auth=Auth(auth),
        user=user,
        ca_file=arguments.ca_file or None,
        proxy=getattr(arguments, "proxy", ""),
        password_file=password.file_path(arguments),
        pins=tuple(pins),
    )


async def _add(context: Context, arguments: argparse.Namespace) -> int:
    if arguments.imap and arguments.auth == Auth.APOP:
        raise UsageError("APOP is a login of POP3; IMAP has scram, cram-md5 and plain.")
    secret = password.from_stdin(arguments)
    smtp_auth = arguments.smtp_auth or ("auto" if arguments.auth == "apop" else arguments.auth)
    incoming = _settings(
        arguments,
        arguments.imap or arguments.pop3,
        security=arguments.security,
        auth=arguments.auth,
        user=arguments.user,
        pins=arguments.pin,
    )
    outgoing = _settings(
        arguments,
        arguments.smtp,
        security=arguments.smtp_security or arguments.security,
        auth=smtp_auth,
        user=arguments.user if arguments.smtp_user is None else arguments.smtp_user,
        pins=arguments.smtp_pin,
    )
    name = arguments.name or arguments.address
    outcome = await (await context.door()).command(
        AddAccount(
            name=name,
            address=arguments.address,
            display_name=arguments.display_name,
            kind=Kind.IMAP if arguments.imap else Kind.POP3,
            incoming=incoming,
            outgoing=outgoing,
            password=secret,
            check=not arguments.no_check,
            allow_cleartext=arguments.allow_cleartext,
            policy=str(arguments.policy),
        )
    )
    context.output.line(outcome.label or f"The account {name} was added.")
    context.output.value({"id": outcome.ids[0], "name": name})
    return 0


def _a_policy(text: str) -> Policy:
    try:
        return Policy.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error


async def _policy(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    policy = str(arguments.policy)
    if arguments.mailbox is None:
        boxes = [box for box in context.reader().mailboxes(account.id) if box.selectable]
        command = SetMailboxPolicy(account_id=account.id, policy=policy)
    else:
        boxes = context.mailboxes(arguments.mailbox, account.name)
        command = SetMailboxPolicy(mailbox_ids=tuple(box.id for box in boxes), policy=policy)
    outcome = await (await context.door()).command(command)
    context.output.line(outcome.label)
    context.output.value(
        {"id": account.id, "mailboxes": [box.path for box in boxes], "policy": policy}
    )
    return 0


async def _list(context: Context, _arguments: argparse.Namespace) -> int:
    context.output.table(
        context.accounts(),
        [
            ("ID", lambda row: str(row.id)),
            ("NAME", lambda row: row.name),
            ("ADDRESS", lambda row: row.address),
            ("KIND", lambda row: row.kind),
            ("SERVER", lambda row: f"{row.incoming.host}:{row.incoming.port}"),
            ("STATE", lambda row: row.state),
        ],
        empty=NO_ACCOUNTS,
    )
    return 0


async def _show(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    context.output.value(fields(account))
    line = context.output.line
    line(f"{account.name} (id {account.id}), {account.kind}")
    line(f"  address   {account.display_name} <{account.address}>".replace("  <", " <"))
    for label, server in (("incoming", account.incoming), ("outgoing", account.outgoing)):
        line(
            f"  {label}  {server.host}:{server.port}, {server.security}, "
            f"{server.auth} as {server.user}"
        )
        for what, file in (("password", server.password_file), ("CA", server.ca_file)):
            if file is not None:
                line(f"            {what} file {file}")
        if server.proxy:
            line(f"            proxy {server.proxy}")
    line(f"  state     {account.state}")
    if account.problem:
        line(f"  problem   {account.problem}")
    if account.last_alive_s:
        line(f"  alive     {moment(account.last_alive_s)}")
    for quota in account.quota:
        amount = octets if quota.resource == "storage" else str
        line(f"  quota     {quota.resource}: {amount(quota.used)} of {amount(quota.limit)}")
    return 0


async def _remove(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    await (await context.door()).command(
        RemoveAccount(account_id=account.id, with_its_mail=arguments.with_its_mail)
    )
    context.output.line(f"The account {account.name} and its local mail were removed.")
    context.output.value({"id": account.id, "name": account.name})
    return 0


async def _check(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    report = await (await context.door()).query(CheckAccount(account_id=account.id))
    if not isinstance(report, CheckReport):
        raise TypeError(f"CheckAccount was answered with {type(report).__name__}")
    for step in report.steps:
        context.output.line(
            f"{'ok  ' if step.ok else 'FAIL'} {step.server:8} {step.step:12} {step.detail}"
        )
        if not step.ok and step.remedy:
            context.output.line(f"     {step.remedy}")
    context.output.value(
        [
            {
                "server": step.server,
                "step": step.step,
                "ok": step.ok,
                "detail": step.detail,
                "remedy": step.remedy,
            }
            for step in report.steps
        ]
    )
    failed = [f"{step.step} of the {step.server} server" for step in report.steps if not step.ok]
    if failed:
        raise CommandError(f"The check of {account.name} failed at {joined(failed)}.")
    return 0


async def _discover(context: Context, arguments: argparse.Namespace) -> int:
    found = await (await context.door()).query(DiscoverAccount(address=arguments.address))
    if not isinstance(found, Discovered):
        raise TypeError(f"DiscoverAccount was answered with {type(found).__name__}")
    line = context.output.line
    for one in found.accounts:
        if one.browser_only:
            line("This provider takes sign-in by browser only, which is not built yet.")
        line(f"{one.kind.upper()}, from {one.source}")
        for label, server in (("incoming", one.incoming), ("outgoing", one.outgoing)):
            user = f" as {server.user}" if server.user else ""
            line(f"  {label}  {server.host}:{server.port}, {server.security}{user}")
        if one.note:
            line(f"  {one.note}")
    for note in found.notes:
        context.output.note(note)
    context.output.value(
        [
            {
                "kind": one.kind,
                "incoming": _endpoint(one.incoming),
                "outgoing": _endpoint(one.outgoing),
                "source": one.source,
                "note": one.note,
                "browser_only": one.browser_only,
            }
            for one in found.accounts
        ]
    )
    return 0


def _endpoint(server: ServerSettings) -> dict[str, object]:
    return {
        "host": server.host,
        "port": server.port,
        "security": server.security,
        "auth": server.auth,
        "user": server.user,
    }


async def _password(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    secret = password.from_stdin(arguments)
    if secret is None:
        raise TypeError("the command is declared with --password-stdin")
    door = await context.door()
    await door.command(SetPassword(account_id=account.id, password=secret, outgoing=arguments.smtp))
    context.output.line(f"The account {account.name} has its new password.")
    context.output.value({"id": account.id, "name": account.name})
    return 0


async def _switch(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    if account.kind == arguments.to:
        raise UsageError(f"The account {account.name} fetches by {account.kind.upper()} already.")
    outcome = await (await context.door()).command(
        SwitchAccount(
            account_id=account.id,
            kind=Kind(arguments.to),
            incoming=_settings(
                arguments,
                arguments.server,
                security=arguments.security or account.incoming.security,
                auth=arguments.auth,
                user=account.incoming.user if arguments.user is None else arguments.user,
                pins=arguments.pin,
            ),
            password=password.from_stdin(arguments),
        )
    )
    context.output.line(outcome.label or f"{account.name} fetches by {arguments.to.upper()} now.")
    context.output.value({"id": account.id, "name": account.name, "label": outcome.label})
    return 0


async def _leave(context: Context, arguments: argparse.Namespace) -> int:
    account = context.account(arguments.account)
    door = await context.door()
    outcome = await door.command(LeaveOnServer(account_id=account.id, policy=arguments.policy))
    context.output.line(f"{outcome.label}.")
    context.output.value({"id": account.id, "name": account.name, "label": outcome.label})
    return 0
