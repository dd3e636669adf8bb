"""`localserver user add|list|password|remove`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from localserver.cli import output
from localserver.cli.folder import Data  # noqa: TC001  typer reads the annotations
from localserver.cli.user_admin import known, users_of
from localserver.users import UserError

app = typer.Typer(help="Users that are kept at rest.")

Name = Annotated[str, typer.Argument(help="What the user logs in with, without a domain.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")]
# Users who were named for one run, by `serve --user`, are nowhere at rest.
_FOR_THIS_RUN = " for this run of the server."
File = Annotated[
    Path | None, typer.Option("--password-file", help="Read it from a file.", readable=False)
]


@app.command()
def add(
    name: Name,
    data: Data,
    password_stdin: Stdin = False,
    password_file: File = None,
    quota: Annotated[int | None, typer.Option(help="Octets.")] = None,
    json: Json = False,
) -> None:
    """Add a user."""

    async def work() -> None:
        if quota is not None and quota < 1:
            raise UserError("--quota is at least 1.")
        async with users_of(data, make=True) as users:
            if users.find(name) is not None:
                raise UserError(f"There is a user {name!r} already.")
            secret = output.password(stdin=password_stdin, file=password_file)
            user = await users.add(name, secret)
            if quota is not None:
                await users.set_quota(user.name, quota)
            output.line(f"{user.name} was added.", as_json=json, name=user.name)

    asyncio.run(work())


@app.command("list")
def list_users(data: Data, json: Json = False) -> None:
    """List the users."""

    async def work() -> None:
        async with users_of(data) as users:
            found = [asdict(row) for row in users.rows()]
            if json:
                output.rows(found, as_json=True)
            else:
                output.rows([{"name": each["name"]} for each in found], as_json=False)

    asyncio.run(work())


@app.command()
def password(
    name: Name,
    data: Data,
    password_stdin: Stdin = False,
    password_file: File = None,
    application: Annotated[
        bool, typer.Option("--application", help="Make a secret for APOP and CRAM-MD5 instead.")
    ] = False,
    no_application: Annotated[
        bool, typer.Option("--no-application", help="Remove that secret.")
    ] = False,
    json: Json = False,
) -> None:
    """Give a user a new password, or a separate secret for APOP and CRAM-MD5."""

    async def work() -> None:
        async with users_of(data) as users:
            user = known(users, name)
            if application:
                secret = await users.make_application(user.name)
                output.line(secret, as_json=json, name=user.name, application=secret)
            elif no_application:
                await users.remove_application(user.name)
                output.line("The secret was removed.", as_json=json, name=user.name)
            else:
                secret = output.password(stdin=password_stdin, file=password_file)
                await users.set_password(user.name, secret)
                said = "The password was changed" + ("." if user.kept else _FOR_THIS_RUN)
                output.line(said, as_json=json, name=user.name)

    asyncio.run(work())


@app.command()
def remove(name: Name, data: Data, json: Json = False) -> None:
    """Remove a user; the mail stays in the folder."""

    async def work() -> None:
        async with users_of(data) as users:
            user = known(users, name)
            await users.remove(user.name)
            said = f"{user.name} was removed; the mail is kept."
            output.line(said, as_json=json, name=user.name)

    asyncio.run(work())
