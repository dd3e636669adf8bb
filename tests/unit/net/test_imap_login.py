"""Logging in by IMAP."""

from __future__ import annotations

import pytest

from desktopmail.net.errors import AuthenticationError, ProtocolViolationError
from desktopmail.net.imap_login import LOGIN_COMMAND
from desktopmail.wire.sasl.policy import Exposure
from desktopmail.wire.secret import Secret
from tests.helpers.imap_script import scripted


async def test_cram_md5_of_rfc_2195_section_2() -> None:
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=CRAM-MD5] hello\nC: A1 AUTHENTICATE CRAM-MD5\n"
        "S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\n"
        "C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\n"
        "S: A1 OK [CAPABILITY IMAP4rev1] in\n"
    )
    async with scripted(text) as client:
        choice = await client.login("tim", Secret("tanstaaftanstaaf"))
        assert choice is not None
        assert choice.exposure is Exposure.MD5_CHALLENGE


async def test_a_server_that_breaks_the_mechanism_gets_the_exchange_cancelled() -> None:
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\n"
        "C: A1 AUTHENTICATE PLAIN AGFsaWNlAHg=\nS: + bW9yZQ==\nC: *\nS: A1 BAD cancelled\n*: wait\n"
    )
    async with scripted(text) as client:
        with pytest.raises(ProtocolViolationError):
            await client.login("alice", Secret("x"))
        assert not client.is_usable


async def test_login_says_what_it_exposes() -> None:
    text = (
        'S: * OK [CAPABILITY IMAP4rev1] hello\nC: A1 LOGIN alice "x"\n'
        "S: A1 OK [CAPABILITY IMAP4rev1] in\n"
    )
    async with scripted(text) as client:
        choice = await client.login("alice", Secret("x"), "plain")
        assert choice is not None
        assert choice.mechanism == LOGIN_COMMAND
        assert choice.exposure is Exposure.CLEAR


async def test_what_was_asked_for_is_not_replaced_by_less() -> None:
    text = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\n*: wait\n"
    async with scripted(text) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.login("alice", Secret("x"), "scram")
        assert caught.value.code == "no-mechanism"


async def test_the_transcript_never_shows_a_secret() -> None:
    text = 'S: * OK [CAPABILITY IMAP4rev1] hello\nC: A1 LOGIN alice "sesame"\nS: A1 NO no\n'
    async with scripted(text) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.login("alice", Secret("sesame"))
        assert "sesame" not in str(caught.value)
        assert caught.value.reply == "no"
