import smtplib

import pytest

from localserver.config import Config
from localserver.local import LocalServer
from tests.helpers.smtp_talk import post_office


async def offered(service: str, **settings: object) -> dict[str, str]:
    async with post_office(**settings) as post:
        talk = await post.talk(service, hello=None)
        lines = (await talk.say("EHLO me.example")).lines[1:]
        return {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}


async def test_port_25_offers_no_login() -> None:
    words = await offered("smtp")
    assert "AUTH" not in words
    assert {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "STARTTLS"} <= set(
        words
    )
    assert "REQUIRETLS" not in words
    assert words["LIMITS"] == "RCPTMAX=1000"


async def test_submission_on_loopback_offers_all_that_it_can_check() -> None:
    words = await offered("submission", max_message_octets=1234)
    assert words["AUTH"] == "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"
    assert words["SIZE"] == "1234"


async def test_away_from_loopback_a_password_is_taken_inside_tls_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Config, "login_allowed", lambda _self, *, tls, peer: tls and bool(peer))
    assert (await offered("submission"))["AUTH"] == "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5"
    async with post_office() as post:
        talk = await post.talk("submission")
        answer = await talk.say("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")
        assert (answer.code, str(answer.enhanced)) == (538, "5.7.11")
        assert await talk.codes("AUTH LOGIN", "MAIL FROM:<alice@localhost>") == [538, 530]


def test_inside_tls_a_password_is_taken_from_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config, "login_allowed", lambda _self, *, tls, peer: tls and bool(peer))
    with LocalServer({"alice": "s"}) as server:
        port = server.ports["submissions"]
        with smtplib.SMTP_SSL("localhost", port, context=server.ssl_context) as client:
            client.ehlo()
            assert client.esmtp_features["auth"].endswith("PLAIN LOGIN")
            client.user, client.password = "alice", "s"
            assert client.auth("PLAIN", client.auth_plain)[0] == 235


async def test_without_a_mechanism_for_the_clear_the_client_is_sent_to_starttls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Config, "login_allowed", lambda _self, *, tls, peer: tls and bool(peer))
    hidden = {f"AUTH={name}" for name in ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5")}
    async with post_office(without=frozenset(hidden)) as post:
        talk = await post.talk("submission")
        answer = await talk.say("MAIL FROM:<alice@localhost>")
        assert (answer.code, answer.text) == (530, "Say STARTTLS first, then log in")


@pytest.mark.parametrize("name", ["PIPELINING", "CHUNKING", "STARTTLS", "DSN", "SIZE", "AUTH"])
async def test_every_extension_can_be_switched_off(name: str) -> None:
    words = await offered("submission", without=frozenset({name}))
    assert name not in words
    if name == "CHUNKING":
        assert "BINARYMIME" not in words


async def test_a_single_mechanism_can_be_switched_off() -> None:
    words = await offered("submission", without=frozenset({"AUTH=CRAM-MD5", "AUTH=LOGIN"}))
    assert words["AUTH"] == "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN"
