"""What is offered before the login, after it, and without an extension."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from desktopmail.net.ports import SystemClock, SystemEntropy
from desktopmail.wire.imap.capability import IN_REV2
from localserver.config import Config
from localserver.credentials import MemoryCredentials
from localserver.imap import capability
from localserver.local import LocalServer
from localserver.users import Users
from tests.helpers.imap_dialogue import connected, logged_in


async def test_before_login_starttls_and_mechanisms_are_offered_and_no_mailbox_extension() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        names = (await dialogue.run("CAPABILITY"))[0].split()
        assert {"IMAP4rev1", "IMAP4rev2", "STARTTLS", "AUTH=SCRAM-SHA-256"} <= set(names)
        assert "IDLE" not in names
        assert "LOGINDISABLED" not in names  # loopback


async def test_after_login_all_extensions_are_offered() -> None:
    async with logged_in() as dialogue:
        names = (await dialogue.run("CAPABILITY"))[0].split()
        assert {"IDLE", "QRESYNC", "CONDSTORE", "SORT", "THREAD=REFERENCES", "OBJECTID"} <= {*names}
        assert "STARTTLS" not in names


@pytest.mark.parametrize("name", [n for n in capability.AFTER_LOGIN if n != "APPENDLIMIT"])
async def test_every_extension_can_be_switched_off(name: str) -> None:
    async with logged_in(without=[name.lower()]) as dialogue:
        assert name not in (await dialogue.run("CAPABILITY"))[0].split()


@pytest.mark.parametrize("name", sorted(IN_REV2 - {"LITERAL-"}))
async def test_imap4rev2_is_not_offered_without_what_it_promises(name: str) -> None:
    async with logged_in(without=[name]) as dialogue:
        names = (await dialogue.run("CAPABILITY"))[0].split()
        assert "IMAP4rev1" in names
        assert "IMAP4rev2" not in names


@pytest.mark.parametrize(
    ("without", "command"),
    [
        ("IDLE", "IDLE"), ("MOVE", "MOVE 1 Trash"), ("UNSELECT", "UNSELECT"), ("ID", "ID NIL"),
        ("NAMESPACE", "NAMESPACE"), ("SORT", "SORT (DATE) UTF-8 ALL"), ("ENABLE", "ENABLE QRESYNC"),
        ("THREAD=REFERENCES", "THREAD REFERENCES UTF-8 ALL"), ("UIDPLUS", "UID EXPUNGE 1"),
        ("COMPRESS=DEFLATE", "COMPRESS DEFLATE"), ("QUOTA", "GETQUOTAROOT INBOX"),
        ("CONDSTORE", "SELECT INBOX (CONDSTORE)"), ("ESEARCH", "SEARCH RETURN (COUNT) ALL"),
        ("LIST-EXTENDED", 'LIST "" (INBOX Sent)'),
    ],
)  # fmt: skip
async def test_a_command_of_an_extension_that_is_off_is_bad(without: str, command: str) -> None:
    async with logged_in(without=[without]) as dialogue:
        assert (await dialogue.run(command))[-1].startswith("BAD")


def test_away_from_loopback_no_password_is_taken_in_the_clear() -> None:
    stream = SimpleNamespace(tls=None, peer="192.0.2.1:1234")
    secrets = MemoryCredentials(SystemEntropy(), {"alice": "secret"})
    users = Users(Config(), secrets, SystemClock(), decoy_key=b"k")
    context = SimpleNamespace(config=Config(), tls=object(), users=users)
    faults = SimpleNamespace(hides=lambda _: False)
    session = SimpleNamespace(stream=stream, context=context, faults=faults, user=None)
    names = capability.offered(session)  # type: ignore[arg-type]  # all of a session it looks at
    assert "LOGINDISABLED" in names
    assert "STARTTLS" in names
    assert "AUTH=PLAIN" not in names
    assert "AUTH=SCRAM-SHA-256" in names
