import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.auth import (
    Auth,
    AuthCancel,
    AuthResponse,
    decode_base64,
    parse_auth,
    parse_response,
)
from desktopmail.wire.smtp.parameters import CommandError


def test_the_examples_of_rfc_4954_section_4_1() -> None:
    assert parse_auth("PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm") == Auth(
        "PLAIN", b"\0tim\0tanstaaftanstaaf"
    )
    assert parse_auth("digest-md5") == Auth("DIGEST-MD5")
    assert parse_auth("EXTERNAL =") == Auth("EXTERNAL", b"")
    assert parse_response(b"*") == AuthCancel()
    assert parse_response(b"") == AuthResponse(b"")


@pytest.mark.parametrize(
    "argument", ["", "PLAIN x", "PLAIN !", "PLAIN AA== extra", "A" * 21, "PL AIN"]
)
def test_malformed_commands_are_refused(argument: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_auth(argument)
    assert caught.value.reply.code == 501


@pytest.mark.parametrize("line", [b"!", b"A", b"AAA", b"AA==AA==", "ä".encode(), b"A A="])
def test_what_is_no_base64_is_501_5_5_2(line: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        decode_base64(line)
    assert str(caught.value.reply) == "501 5.5.2 Not base64"


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(Auth("PLAIN", b"secret"))
    assert "secret" not in repr(AuthResponse(b"secret"))
    assert Auth("PLAIN", b"secret").encode() == "AUTH PLAIN"


@given(st.binary(max_size=60))
def test_any_line_raises_nothing_but_command_errors(line: bytes) -> None:
    try:
        answer = parse_response(line)
    except CommandError:
        answer = AuthCancel()
    assert isinstance(answer, AuthResponse | AuthCancel)
