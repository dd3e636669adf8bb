import pytest

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


@pytest.mark.parametrize("name", ["PIPELINING", "CHUNKING", "STARTTLS", "DSN", "SIZE", "AUTH"])
async def test_every_extension_can_be_switched_off(name: str) -> None:
    words = await offered("submission", without=frozenset({name}))
    assert name not in words
    if name == "CHUNKING":
        assert "BINARYMIME" not in words


async def test_a_single_mechanism_can_be_switched_off() -> None:
    words = await offered("submission", without=frozenset({"AUTH=CRAM-MD5", "AUTH=LOGIN"}))
    assert words["AUTH"] == "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN"
