"""`localserver user add|list|password|remove`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from localserver.cli import output
from localserver.cli.folder import opened
from localserver.users import UserError

app = typer.Typer(help="Users that are kept at rest.")

Data = Annotated[Path, typer.Option(help="The server's folder.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")]
File = Annotated[Path | None, typer.Option("--password-file", help="Read it from a file.")]


@app.command()
def add(
    name: str,
    data: Data,
    password_stdin: Stdin = False,
    password_file: File = None,
    quota: Annotated[int | None, typer.Option(help="Octets.")] = None,
    json: Json = False,
) -> None:
    """Add a user."""

    async def work() -> None:
        async with opened(data, make=True) as folder:
            if folder.users.find(name) is not None:
                raise UserError(f"There is a user {name!r} already.")
            secret = output.password(stdin=password_stdin, file=password_file)
            user = await folder.users.put(name, secret)
            if quota is not None:
                await folder.credentials.set_quota(user.name, quota)
            output.line(f"{user.name} was added.", as_json=json, name=user.name)

    asyncio.run(work())


@app.command("list")
def list_users(data: Data, json: Json = False) -> None:
    """List the users."""

    async def work() -> None:
        async with opened(data) as folder:
            found = [
                {
                    "name": user.name,
                    "quota_octets": user.quota_octets,
                    "apop": folder.credentials.recoverable(user.name) is not None,
                }
                for user in folder.users.all()
            ]
            if json:
                output.rows(found, as_json=True)
            else:
                output.rows([{"name": each["name"]} for each in found], as_json=False)

    asyncio.run(work())


@app.command()
def password(
    name: str,
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
        async with opened(data) as folder:
            user = folder.users.find(name)
            if user is None:
                raise UserError(f"There is no user {name!r}.")
            if application:
                secret = await folder.credentials.make_application_password(user.name)
                output.line(secret, as_json=json, name=user.name, application=secret)
            elif no_application:
                await folder.credentials.remove_application_password(user.name)
                output.line("The secret was removed.", as_json=json, name=user.name)
            else:
                secret = output.password(stdin=password_stdin, file=password_file)
                await folder.users.put(user.name, secret)
                output.line("The password was changed.", as_json=json, name=user.name)

    asyncio.run(work())


@app.command()
def remove(name: str, data: Data, json: Json = False) -> None:
    """Remove a user; the mail stays in the folder."""

    async def work() -> None:
        async with opened(data) as folder:
            await folder.users.remove(name)
            output.line(f"{name} was removed; the mail is kept.", as_json=json, name=name)

    asyncio.run(work())
