"""What got worse since the last login stops before anything secret is said, and is asked about."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import AnswerQuestion, Password, SendMessage, SetPassword
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Security, SendingState
from desktopmail.engine.store import account as accounts
from desktopmail.engine.trust import exposes_more
from desktopmail.wire.sasl.policy import Choice, Exposure
from localserver.config import Config
from localserver.local import LocalServer
from tests.helpers.certificates import Certificates, make_certificates
from tests.helpers.engine import PASSWORDS, Bench, account_command, running_engine, until
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.commands import AddAccount
    from desktopmail.door.rows import QuestionRow

KINDS = [Kind.IMAP, Kind.POP3]


def secured(
    server: LocalServer, kind: Kind, ca_file: Path | None, host: str = "localhost"
) -> AddAccount:
    """An account inside TLS on both sides."""
    command = account_command(server, "alice", kind)

    def inside_tls(service: str) -> object:
        return msgspec.structs.replace(
            command.incoming,
            host=host,
            port=server.ports[service],
            security=Security.TLS,
            ca_file=str(ca_file) if ca_file else None,
        )

    return msgspec.structs.replace(
        command, incoming=inside_tls(f"{kind.value}s"), outgoing=inside_tls("submissions")
    )


def config(certificates: Certificates) -> Config:
    return Config(certificate=certificates.certificate, key=certificates.key)


async def the_question(bench: Bench, account_id: AccountId) -> tuple[QuestionRow, DoorError]:
    with pytest.raises(DoorError) as caught:
        await bench.sync(account_id)
    (asked,) = bench.reader.questions()
    return asked, caught.value


async def answer(bench: Bench, asked: QuestionRow, choice: str) -> None:
    await bench.engine.command(AnswerQuestion(question_id=asked.id, choice=choice))


def secrets_said(server: LocalServer) -> list[str]:
    words = ("AUTH", "LOGIN", "USER", "PASS", "APOP")
    return [line for line in server.transcript.commands() if line.upper().startswith(words)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_login_that_exposes_more_than_the_last_one_stops_and_asks(
    kind: Kind, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=kind)
            await bench.sync(account_id)
            # As it would be, had the server offered something better the last time.
            await bench.engine.store.write(lambda tx: remember(tx, account_id, Exposure.NOTHING))
            await reconnect(bench, account_id)
            before = len(secrets_said(server))
            asked, error = await the_question(bench, account_id)
            assert error.code == "downgrade"
            assert asked.kind == "downgrade-incoming"
            assert len(secrets_said(server)) == before
            await answer(bench, asked, "stop")
            asked, _ = await the_question(bench, account_id)
            assert len(secrets_said(server)) == before
            (_, allow) = asked.choices
            await answer(bench, asked, allow[0])
            await bench.sync(account_id)
            assert bench.reader.questions() == []


async def reconnect(bench: Bench, account_id: AccountId) -> None:
    at_work = bench.engine.working.of(account_id)
    assert at_work is not None
    if at_work.imap is not None:
        await at_work.imap.leave()


def remember(tx: object, account_id: AccountId, exposure: Exposure) -> None:
    account = accounts.get(tx, account_id)  # type: ignore[arg-type]
    (where,) = account.learned.exposures
    learned = msgspec.structs.replace(account.learned, exposures={where: exposure.name})
    accounts.learn(tx, account_id, learned)  # type: ignore[arg-type]


async def test_how_the_last_login_went_is_remembered_for_host_and_port(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            account = await bench.engine.store.read(lambda tx: accounts.get(tx, account_id))
            where = f"127.0.0.1:{server.ports['imap']}"
            assert account.learned.exposures == {where: "SCRAM"}
            worse = Choice("PLAIN", Exposure.CLEAR)
            assert exposes_more(account, "incoming", worse)
            assert not exposes_more(account, "incoming", Choice("X", Exposure.BOUND))
            assert not exposes_more(account, "outgoing", worse)  # not known of that server
            moved = msgspec.structs.replace(account.incoming, port=1)
            assert not exposes_more(dataclasses.replace(account, incoming=moved), "incoming", worse)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_certificate_that_is_not_to_be_trusted_is_shown_and_may_be_pinned(
    kind: Kind, tmp_path: Path
) -> None:
    first = make_certificates(tmp_path / "first")
    second = make_certificates(tmp_path / "second", "evil.example")
    third = make_certificates(tmp_path / "third", "other.example")
    async with running_engine(tmp_path / "profile") as bench:
        with LocalServer(PASSWORDS, config=config(first)) as server:
            server.deliver("alice", mail(1))
            made = await bench.engine.command(secured(server, kind, first.ca_file))
            account_id = AccountId(made.ids[0])
            await bench.sync(account_id)
            ports = dict(server.ports)
        # The same ports, another certificate: for another name, of an authority nobody knows.
        again = Config(certificate=second.certificate, key=second.key, listen=ports)
        with LocalServer(PASSWORDS, config=again) as server:
            await reconnect(bench, account_id)
            asked, error = await the_question(bench, account_id)
            assert error.code == "certificate"
            assert asked.kind == "certificate-incoming"
            assert secrets_said(server) == []
            assert "It is another one than before." in asked.text
            for part in ("subject: ", "issuer: ", "valid: ", "SHA-256: "):
                assert part in asked.text
            assert "names: evil.example (before: localhost, 127.0.0.1, ::1)" in asked.text
            assert asked.choices[0][0] == "stop"
            await answer(bench, asked, asked.choices[1][0])
            await bench.sync(account_id)
            assert bench.reader.questions() == []
            account = await bench.engine.store.read(lambda tx: accounts.get(tx, account_id))
            assert len(account.incoming.pins) == 1
            assert account.outgoing.pins == ()  # for this host and port alone
        # A pin is one certificate: a third one is asked about again.
        again = Config(certificate=third.certificate, key=third.key, listen=ports)
        with LocalServer(PASSWORDS, config=again) as server:
            await reconnect(bench, account_id)
            asked, _ = await the_question(bench, account_id)
            assert "names: other.example (before: evil.example)" in asked.text
            assert secrets_said(server) == []


async def test_a_question_about_a_certificate_takes_itself_back(tmp_path: Path) -> None:
    """Somebody was in between, and is gone."""
    good, bad = make_certificates(tmp_path / "good"), make_certificates(tmp_path / "bad")
    async with running_engine(tmp_path / "profile") as bench:
        with LocalServer(PASSWORDS, config=config(bad)) as server:
            made = await bench.engine.command(secured(server, Kind.IMAP, good.ca_file))
            account_id = AccountId(made.ids[0])
            await the_question(bench, account_id)
            ports = dict(server.ports)
        again = Config(certificate=good.certificate, key=good.key, listen=ports)
        with LocalServer(PASSWORDS, config=again):
            await bench.sync(account_id)
            assert bench.reader.questions() == []


async def test_mail_waits_while_a_certificate_is_asked_about(tmp_path: Path) -> None:
    bad = make_certificates(tmp_path / "bad", "evil.example")
    async with running_engine(tmp_path / "profile") as bench:
        with LocalServer(PASSWORDS, config=config(bad)) as server:
            made = await bench.engine.command(secured(server, Kind.POP3, None))
            account_id = AccountId(made.ids[0])
            await bench.engine.command(
                SendMessage(
                    account_id=account_id,
                    sender="alice@localhost",
                    recipients=("bob@localhost",),
                    octets=mail(1),
                )
            )

            def kinds() -> set[str]:
                return {one.kind for one in bench.reader.questions()}

            def states() -> list[SendingState]:
                return [one.state for one in bench.reader.sendings()]

            await until(lambda: "certificate-outgoing" in kinds(), "the question")
            await until(lambda: states() == [SendingState.QUEUED], "it waits")
            for asked in bench.reader.questions():
                await answer(bench, asked, asked.choices[1][0])
            await until(lambda: len(server.messages("bob")) == 1, "the message")


async def test_a_refused_password_is_asked_about_once_and_a_new_one_settles_it(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command = account_command(server, "alice", Kind.IMAP, password="an old one")
            account_id = AccountId((await bench.engine.command(command)).ids[0])
            for _ in range(2):
                asked, error = await the_question(bench, account_id)
                assert error.code == "auth-failed"
                assert asked.kind == "password-incoming"
                assert "an old one" not in asked.text
            await bench.engine.command(
                SetPassword(account_id=account_id, password=Password(PASSWORDS["alice"]))
            )
            assert bench.reader.questions() == []
            await bench.sync(account_id)


async def test_a_server_of_ones_own_is_added_with_the_fingerprint_that_was_told(
    tmp_path: Path,
) -> None:
    made = make_certificates(tmp_path / "own", "nas.example")
    with LocalServer(PASSWORDS, config=config(made)) as server:
        async with running_engine(tmp_path / "profile") as bench:
            command = msgspec.structs.replace(secured(server, Kind.IMAP, None), check=True)
            with pytest.raises(DoorError, match="is not to be trusted") as caught:
                await bench.engine.command(command)
            assert secrets_said(server) == []
            fingerprint = caught.value.remedy.rpartition("SHA-256 is ")[2].rstrip(".")
            pinned = msgspec.structs.replace(
                command,
                incoming=msgspec.structs.replace(command.incoming, pins=(fingerprint,)),
                outgoing=msgspec.structs.replace(command.outgoing, pins=(fingerprint,)),
            )
            made_id = (await bench.engine.command(pinned)).ids[0]
            await bench.sync(AccountId(made_id))
