"""The ready-made faults do what they say."""

from __future__ import annotations

import smtplib
import ssl

import pytest

from localserver.local import LocalServer
from localserver.presets import PRESETS
from tests.helpers.imap_dialogue import connected, mail

MESSAGE = b"From: alice@localhost\r\nTo: bob@localhost\r\nSubject: Hello\r\n\r\nbody\r\n"


def test_each_has_a_sentence_and_faults() -> None:
    for each in PRESETS.values():
        assert each.what.endswith(".")
        assert each.faults


@pytest.mark.parametrize(("name", "arrives"), [("lost-message", 0), ("lost-reply", 1)])
def test_the_connection_drops_at_the_final_dot(name: str, arrives: int) -> None:
    with (
        LocalServer({"alice": "s", "bob": "t"}, plan=PRESETS[name].faults) as server,
        smtplib.SMTP(server.host, server.ports["submission"]) as smtp,
    ):
        smtp.login("alice", "s")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtp.sendmail("alice@localhost", ["bob@localhost"], MESSAGE)
        assert len(server.messages("bob")) == arrives


def test_the_wrong_certificate_is_nobodys() -> None:
    with LocalServer({"alice": "s"}, plan=PRESETS["wrong-certificate"].faults) as server:
        with (
            pytest.raises(ssl.SSLCertVerificationError),
            smtplib.SMTP_SSL("localhost", server.ports["submissions"], context=server.ssl_context),
        ):
            pass
        with smtplib.SMTP_SSL(
            "localhost", server.ports["submissions"], context=server.ssl_context
        ) as smtp:
            assert smtp.login("alice", "s")[0] == 235


async def test_a_second_device_empties_the_inbox_before_a_fetch() -> None:
    plan = PRESETS["second-device"].faults
    async with LocalServer({"alice": "secret"}, plan=plan) as server:
        await server.deliver_async("alice", mail("Here"))
        async with connected(server) as dialogue:
            await dialogue.run("LOGIN alice secret")
            await dialogue.run("SELECT INBOX")
            fetched = await dialogue.run("UID FETCH 1 (BODY.PEEK[])")
            assert not any("FETCH" in line and "BODY" in line for line in fetched)
            assert fetched[-1].startswith("OK")
            assert "* 1 EXPUNGE" in fetched


async def test_a_download_is_cut_off_in_its_middle() -> None:
    plan = PRESETS["cut-download"].faults
    long = mail("Long") + b"x" * 2000 + b"\r\n"
    async with LocalServer({"alice": "secret"}, plan=plan) as server:
        await server.deliver_async("alice", long)
        async with connected(server) as dialogue:
            await dialogue.run("LOGIN alice secret")
            await dialogue.run("SELECT INBOX")
            await dialogue.run("UID FETCH 1 (FLAGS)")
            await dialogue.send(b"x UID FETCH 1 (BODY.PEEK[])\r\n")
            told = b""
            while octets := await dialogue.stream.read():
                told += octets
            assert len(told) == 600
