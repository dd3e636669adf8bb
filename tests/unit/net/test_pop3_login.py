"""Logging in: the best way, a clear refusal, and nothing weaker behind the user's back."""

from __future__ import annotations

import pytest

from desktopmail.net.errors import AuthenticationError
from desktopmail.wire.sasl.policy import Exposure
from desktopmail.wire.secret import Secret
from tests.helpers.pop3_script import Script

PLAIN_GREETING = b"+OK ready\r\n"
APOP = (b"APOP mrose c4c9334bac560ecc979e58001b3e22fb", b"+OK\r\n")


def capa(*tags: str) -> tuple[bytes, bytes]:
    return b"CAPA", "".join(f"{line}\r\n" for line in ("+OK", *tags, ".")).encode()


async def log_in(
    script: Script, auth: str = "auto", *, user: str = "mrose", password: str = "tanstaaf",
    allow_clear: bool = True,
) -> tuple[str, Exposure]:  # fmt: skip
    async with script.client() as client:
        choice = await client.login(user, Secret(password), auth, allow_clear=allow_clear)
    return choice.mechanism, choice.exposure


async def test_apop_is_better_than_a_password_in_the_clear() -> None:
    script = Script(capa("USER", "SASL PLAIN"), APOP)
    assert await log_in(script) == ("APOP", Exposure.MD5_CHALLENGE)


async def test_without_a_timestamp_the_password_is_sent_where_that_is_allowed() -> None:
    script = Script(
        capa("USER"),
        (b"USER mrose", b"+OK\r\n"),
        (b"PASS tanstaaf", b"+OK\r\n"),
        greeting=PLAIN_GREETING,
    )
    assert await log_in(script) == ("USER", Exposure.CLEAR)


async def test_where_it_is_not_allowed_nothing_is_sent() -> None:
    script = Script(capa("USER", "SASL PLAIN LOGIN"), greeting=PLAIN_GREETING, hang=True)
    with pytest.raises(AuthenticationError) as caught:
        await log_in(script, allow_clear=False)
    assert caught.value.code == "no-mechanism"
    assert "TLS" in caught.value.remedy
    assert script.heard == [b"CAPA"]


async def test_a_timestamp_that_is_not_plain_is_no_apop() -> None:
    # CVE-2007-1558
    script = Script(capa("SASL PLAIN"), greeting=b"+OK <1896.697170952@dbc\x80>\r\n", hang=True)
    with pytest.raises(AuthenticationError):
        await log_in(script, "apop")
    assert script.heard == [b"CAPA"]


async def test_scram_is_the_best_of_all() -> None:
    script = Script(
        capa("USER", "SASL PLAIN CRAM-MD5 SCRAM-SHA-256"),
        (b"", b"-ERR [AUTH] no\r\n"),
    )
    with pytest.raises(AuthenticationError):
        await log_in(script)
    assert script.heard[1].startswith(b"AUTH SCRAM-SHA-256 ")
    assert len(script.heard) == 2, "another way was tried behind the user's back"


async def test_auth_plain_with_its_initial_response() -> None:
    # RFC 5034 section 6.
    script = Script(capa("SASL PLAIN"), (b"AUTH PLAIN AHRlc3QAdGVzdA==", b"+OK\r\n"))
    how = await log_in(script, "plain", user="test", password="test")
    assert how == ("PLAIN", Exposure.CLEAR)


async def test_an_initial_response_that_is_too_long_goes_behind_an_empty_challenge() -> None:
    script = Script(
        capa("SASL PLAIN"),
        (b"AUTH PLAIN", b"+ \r\n"),
        (b"", b"+OK\r\n"),
    )
    await log_in(script, "plain", password="x" * 300)
    assert len(script.heard[2]) > 400


async def test_a_challenge_that_is_no_base64_ends_the_attempt_and_not_the_session() -> None:
    script = Script(
        capa("SASL CRAM-MD5", "USER"),
        (b"AUTH CRAM-MD5", b"+ ***\r\n"),
        (b"*", b"-ERR cancelled\r\n"),
        (b"USER mrose", b"+OK\r\n"),
        (b"PASS tanstaaf", b"+OK\r\n"),
    )
    async with script.client() as client:
        with pytest.raises(AuthenticationError):
            await client.login("mrose", Secret("tanstaaf"), "cram-md5")
        await client.login("mrose", Secret("tanstaaf"), "user")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"-ERR no\r\n", "credentials"),
        (b"-ERR [AUTH] no\r\n", "credentials"),
        (b"-ERR [IN-USE] locked\r\n", "in-use"),
        (b"-ERR [LOGIN-DELAY] wait\r\n", "login-delay"),
        (b"-ERR [SYS/TEMP] later\r\n", "temporary"),
        (b"-ERR [SYS/PERM] disabled\r\n", "policy"),
    ],
)
@pytest.mark.parametrize("auth", ["apop", "user", "plain"])
async def test_a_refusal_is_named_by_its_code(answer: bytes, code: str, auth: str) -> None:
    # RFC 2449 section 8.1, RFC 3206 sections 4 and 5.
    steps = [(b"", answer)]
    if auth == "user":
        steps.insert(0, (b"USER mrose", b"+OK\r\n"))
    script = Script(capa("USER", "SASL PLAIN"), *steps)
    with pytest.raises(AuthenticationError) as caught:
        await log_in(script, auth)
    assert caught.value.code == code
    assert caught.value.remedy
    assert caught.value.reply in answer.decode()
    assert "tanstaaf" not in str(caught.value)


async def test_a_server_that_repeats_the_password_does_not_bring_it_into_the_transcript() -> None:
    script = Script(
        capa("USER"),
        (b"USER mrose", b"+OK\r\n"),
        (b"PASS tanstaaf", b"-ERR unknown command: PASS tanstaaf\r\n"),
    )
    with pytest.raises(AuthenticationError):
        await log_in(script, "user")
    assert "tanstaaf" not in script.recorder.text()
    assert "<password>" in script.recorder.text()


@pytest.mark.parametrize(("auth", "way"), [("apop", APOP), ("plain", (b"", b"+OK\r\n"))])
async def test_no_secret_reaches_the_transcript(auth: str, way: tuple[bytes, bytes]) -> None:
    script = Script(capa("SASL PLAIN"), way)
    await log_in(script, auth)
    text = script.recorder.text()
    assert "c4c9334bac56" not in text
    assert "AG1yb3Nl" not in text
    assert "<" in text


# --- RFC 6856
# --------------------------------------------------------------------------------------


async def test_utf8_mode_is_switched_on_before_the_login() -> None:
    script = Script(capa("UTF8"), (b"UTF8", b"+OK\r\n"), APOP)
    await log_in(script)


async def test_a_refused_utf8_mode_is_no_error() -> None:
    script = Script(capa("UTF8"), (b"UTF8", b"-ERR no\r\n"), APOP)
    await log_in(script)


async def test_utf8_in_names_needs_a_server_that_takes_it() -> None:
    script = Script(capa("USER"), hang=True)
    with pytest.raises(AuthenticationError) as caught:
        await log_in(script, "user", user="m\u00fcller")
    assert "ASCII" in caught.value.sentence
    assert script.heard == [b"CAPA"]
    script = Script(
        capa("USER", "UTF8 USER"),
        (b"UTF8", b"+OK\r\n"),
        ("USER m\u00fcller".encode(), b"+OK\r\n"),
        (b"PASS tanstaaf", b"+OK\r\n"),
    )
    await log_in(script, "user", user="m\u00fcller")


async def test_capabilities_that_differ_per_user_are_asked_again() -> None:
    script = Script(capa("EXPIRE 5 USER", "USER"), APOP, capa("EXPIRE 30", "USER"))
    async with script.client() as client:
        await client.login("mrose", Secret("tanstaaf"))
        assert client.capabilities.expire_days == 30


# --- what can be offered to a person --------------------------------------------------------------


async def test_the_ways_are_listed_best_first_with_what_they_expose() -> None:
    script = Script(capa("USER", "SASL LOGIN PLAIN SCRAM-SHA-1"), hang=True)
    async with script.client() as client:
        ways = [(way.mechanism, way.exposure) for way in client.ways()]
        assert ways == [
            ("SCRAM-SHA-1", Exposure.SCRAM),
            ("APOP", Exposure.MD5_CHALLENGE),
            ("PLAIN", Exposure.CLEAR),
            ("LOGIN", Exposure.CLEAR),
            ("USER", Exposure.CLEAR),
        ]
        assert [way.mechanism for way in client.ways("apop")] == ["APOP"]


@pytest.mark.parametrize("auth", ["scram", "apop", "oauth", "GSSAPI"])
async def test_a_way_that_the_server_does_not_offer_is_refused_before_anything_is_sent(
    auth: str,
) -> None:
    script = Script(capa("USER", "SASL PLAIN"), greeting=PLAIN_GREETING, hang=True)
    with pytest.raises(AuthenticationError) as caught:
        await log_in(script, auth)
    assert auth in caught.value.sentence
    assert script.heard == [b"CAPA"]


@pytest.mark.parametrize("password", ["a\r\nDELE 1", "a\0b"])
async def test_a_password_that_cannot_be_sent_is_a_sentence(password: str) -> None:
    script = Script(capa("USER"), (b"USER mrose", b"+OK\r\n"), hang=True)
    with pytest.raises(AuthenticationError) as caught:
        await log_in(script, "user", password=password)
    assert caught.value.remedy == "Check both."
    assert not any(line.startswith((b"PASS", b"DELE")) for line in script.heard)
