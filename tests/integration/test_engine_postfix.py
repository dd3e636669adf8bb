"""The engine hands mail over to Debian's Postfix, which asks Debian's Dovecot for passwords."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import AddAccount, Password, SendMessage, ServerSettings
from desktopmail.door.ids import AccountId
from desktopmail.door.queries import CheckAccount, CheckReport
from desktopmail.door.rows import Auth, Kind, Security, SendingState
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.engine import running_engine, until
from tests.helpers.port import free_port
from tests.helpers.postfix import DOMAIN, Postfix, postfix
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.peer("postfix", "dovecot"),
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix has to be started by root"),
]
PASSWORD = "tanstaaf"
WAYS = {Auth.SCRAM: "SCRAM-SHA-256", Auth.CRAM_MD5: "CRAM-MD5", Auth.PLAIN: "PLAIN"}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Dovecot, Postfix]]:
    port = free_port()
    listener = f"service auth {{\n  inet_listener {{\n    port = {port}\n  }}\n}}"
    with (
        running_dovecot({"alice": PASSWORD}, extra=listener) as dovecot,
        tempfile.TemporaryDirectory(prefix="postfix-", ignore_cleanup_errors=True) as folder,
        postfix(
            Path(folder),
            smtpd_sasl_auth_enable="yes",
            smtpd_sasl_type="dovecot",
            smtpd_sasl_path=f"inet:127.0.0.1:{port}",
            smtpd_tls_auth_only="yes",
            smtpd_client_restrictions="permit_sasl_authenticated,reject",
        ) as submission,
    ):
        yield dovecot, submission


@pytest.mark.parametrize("auth", list(WAYS))
async def test_a_message_is_handed_over_inside_tls_by_every_way_to_log_in(
    auth: Auth, servers: tuple[Dovecot, Postfix], tmp_path: Path
) -> None:
    dovecot, submission = servers
    before = len(submission.wait_for(0))
    incoming = ServerSettings(
        host="localhost", port=dovecot.imaps, security=Security.TLS, user="alice",
        ca_file=str(dovecot.ca_file),
    )  # fmt: skip
    outgoing = ServerSettings(
        host="localhost", port=submission.port, security=Security.STARTTLS, auth=auth,
        user="alice", ca_file=str(submission.certificates.ca_file),
    )  # fmt: skip
    async with running_engine(tmp_path) as bench:
        outcome = await bench.engine.command(
            AddAccount(
                name="alice",
                address="alice@localhost",
                kind=Kind.IMAP,
                incoming=incoming,
                outgoing=outgoing,
                password=Password(PASSWORD),
            )
        )
        account_id = AccountId(outcome.ids[0])
        report = await bench.engine.query(CheckAccount(account_id=account_id))
        assert isinstance(report, CheckReport)
        (login,) = (s for s in report.steps if (s.server, s.step) == ("outgoing", "login"))
        assert login.detail.startswith(f"logged in by {WAYS[auth]}")
        await bench.sync(account_id)
        await bench.engine.command(
            SendMessage(
                account_id=account_id,
                sender=f"alice@{DOMAIN}",
                recipients=(f"bob@{DOMAIN}",),
                octets=mail(1),
            )
        )
        await until(
            lambda: [one.state for one in bench.reader.sendings()] == [SendingState.DONE],
            "it is sent and filed",
        )
        delivered = submission.wait_for(before + 1)
        assert b"Message-ID: <1@example.org>" in delivered[-1]
        assert bench.reader.problems() == []


async def test_without_the_right_password_nothing_is_handed_over(
    servers: tuple[Dovecot, Postfix], tmp_path: Path
) -> None:
    dovecot, submission = servers
    settings = ServerSettings(
        host="localhost", port=submission.port, security=Security.STARTTLS, user="alice",
        ca_file=str(submission.certificates.ca_file),
    )  # fmt: skip
    async with running_engine(tmp_path) as bench:
        await bench.engine.command(
            AddAccount(
                name="alice",
                address="alice@localhost",
                kind=Kind.IMAP,
                incoming=ServerSettings(
                    host="localhost", port=dovecot.imaps, security=Security.TLS, user="alice",
                    ca_file=str(dovecot.ca_file),
                ),
                outgoing=settings,
                password=Password("a wrong one"),
                outgoing_password=Password("another wrong one"),
                check=False,
            )
        )  # fmt: skip
        await bench.engine.command(
            SendMessage(
                account_id=AccountId(1),
                sender=f"alice@{DOMAIN}",
                recipients=(f"bob@{DOMAIN}",),
                octets=mail(2),
            )
        )
        await until(
            lambda: any(one.kind == "password-outgoing" for one in bench.reader.questions()),
            "the question",
        )
        await until(
            lambda: [one.state for one in bench.reader.sendings()] == [SendingState.QUEUED],
            "it is kept",
        )
