import base64

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import AuthenticationError
from desktopmail.net.smtp import SmtpClient
from desktopmail.wire.secret import Secret
from localserver.config import Limits
from tests.helpers.smtp_talk import post_office

PLAIN = base64.b64encode(b"\0alice\0wonderland").decode()
WRONG = base64.b64encode(b"\0alice\0looking-glass").decode()


@pytest.mark.parametrize("security", [Security.NONE, Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize(
    "auth", ["auto", "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
)
async def test_each_mechanism_in_clear_by_starttls_and_by_tls(
    auth: str, security: Security
) -> None:
    async with post_office() as post:
        service = "submissions" if security is Security.TLS else "submission"
        endpoint = Endpoint(
            "localhost", post.server.ports[service], security, ca_file=post.server.ca_file
        )
        client = await SmtpClient.connect(endpoint, ports=post.ports, local_name="me.example")
        choice = await client.login("alice@localhost", Secret("wonderland"), auth)
        if auth == "auto":
            plus = "" if security is Security.NONE else "-PLUS"
            assert choice.mechanism == f"SCRAM-SHA-256{plus}"
        await client.quit()
        client = await SmtpClient.connect(endpoint, ports=post.ports, local_name="me.example")
        with pytest.raises(AuthenticationError):
            await client.login("alice", Secret("looking-glass"), auth)
        await client.aclose()


async def test_the_codes_of_rfc_4954() -> None:
    async with post_office() as post:
        talk = await post.talk("submission")
        assert str(await talk.say("AUTH NTLM")) == "504 5.5.4 Unknown mechanism"
        assert (await talk.say("AUTH PLAIN")).code == 334
        assert (await talk.say("*")).code == 501
        assert (await talk.say("AUTH PLAIN")).code == 334
        assert (await talk.say("not base64!")).code == 501
        assert str((await talk.say("AUTH PLAIN AAAA")).enhanced) == "5.5.2"
        assert str((await talk.say(f"AUTH PLAIN {WRONG}")).enhanced) == "5.7.8"
        assert (await talk.say(f"AUTH PLAIN {PLAIN}")).code == 235
        assert (await talk.say(f"AUTH PLAIN {PLAIN}")).code == 503


async def test_port_25_has_no_auth() -> None:
    async with post_office() as post:
        assert (await (await post.talk("smtp")).say(f"AUTH PLAIN {PLAIN}")).code == 502


async def test_acting_as_somebody_else_is_refused() -> None:
    async with post_office() as post:
        talk = await post.talk("submission")
        as_bob = base64.b64encode(b"bob\0alice\0wonderland").decode()
        as_self = base64.b64encode(b"alice@localhost\0alice\0wonderland").decode()
        assert (await talk.say(f"AUTH PLAIN {as_bob}")).code == 535
        assert (await talk.say(f"AUTH PLAIN {as_self}")).code == 235


async def test_too_many_wrong_passwords_end_the_session() -> None:
    async with post_office(limits=Limits(failures=3)) as post:
        talk = await post.talk("submission")
        assert await talk.codes(*[f"AUTH PLAIN {WRONG}"] * 3) == [535, 535, 421]
        assert await talk.at_end()


async def test_exchanges_that_come_to_nothing_end_the_session_too() -> None:
    async with post_office(limits=Limits(failures=2)) as post:
        for response in ("*", "AAAA"):
            talk = await post.talk("submission")
            for code in (501, 421):
                assert (await talk.say("AUTH PLAIN")).code == 334
                assert (await talk.say(response)).code == code
            assert await talk.at_end()


async def test_the_transcript_shows_no_secret() -> None:
    async with post_office() as post:
        talk = await post.talk("submission")
        await talk.say(f"AUTH PLAIN {WRONG}")
        await talk.say("AUTH LOGIN")
        await talk.say(base64.b64encode(b"alice").decode())
        await talk.say(base64.b64encode(b"wonderland").decode())
        text = "\n".join(each.text() for each in post.server.context.transcript.records())
        assert WRONG not in text
        assert base64.b64encode(b"wonderland").decode() not in text
        assert "C: AUTH PLAIN <initial response>" in text
        assert "C: <response>" in text
