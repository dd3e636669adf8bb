import pytest

from desktopmail.wire.sasl.policy import (
    ALL,
    READABLE,
    Choice,
    Exposure,
    choose,
    exposure_of,
    is_worse,
    offer,
)

EVERYTHING = [
    "PLAIN", "login", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256-PLUS", "XOAUTH2", "OAUTHBEARER", "GSSAPI",
]  # fmt: skip


def names(choices: list[Choice]) -> list[str]:
    return [choice.mechanism for choice in choices]


def test_inside_tls_scram_comes_first_and_the_password_itself_before_md5() -> None:
    assert names(choose(EVERYTHING, tls=True, binding=True)) == [
        "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN",
        "LOGIN", "CRAM-MD5",
    ]  # fmt: skip


def test_in_the_clear_the_password_itself_comes_last() -> None:
    choices = choose(EVERYTHING, tls=False)
    assert names(choices) == ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"]
    assert [choice.exposure for choice in choices] == [
        Exposure.SCRAM, Exposure.SCRAM, Exposure.MD5_CHALLENGE, Exposure.CLEAR, Exposure.CLEAR,
    ]  # fmt: skip


def test_clear_text_can_be_forbidden() -> None:
    assert names(choose(["PLAIN", "LOGIN", "CRAM-MD5"], tls=False, allow_clear=False)) == [
        "CRAM-MD5"
    ]
    assert choose(["XOAUTH2"], tls=False, auth="oauth", allow_clear=False) == []
    assert names(choose(["PLAIN"], tls=True, allow_clear=False)) == ["PLAIN"]


@pytest.mark.parametrize(
    ("auth", "chosen"),
    [
        ("scram", ["SCRAM-SHA-256", "SCRAM-SHA-1"]),
        ("cram-md5", ["CRAM-MD5"]),
        ("plain", ["PLAIN", "LOGIN"]),
        ("oauth", ["OAUTHBEARER", "XOAUTH2"]),
        ("scram-sha-1", ["SCRAM-SHA-1"]),
        ("login", ["LOGIN"]),
        ("apop", []),
    ],
)
def test_an_account_may_insist(auth: str, chosen: list[str]) -> None:
    assert names(choose(EVERYTHING, tls=True, auth=auth)) == chosen


def test_the_flag_y_is_only_said_when_plus_was_not_offered() -> None:
    (choice,) = choose(["SCRAM-SHA-256"], tls=True)
    assert choice.could_bind
    assert not any(c.could_bind for c in choose(EVERYTHING, tls=True, binding=True))
    assert not any(c.could_bind for c in choose(EVERYTHING, tls=True, binding=False))
    assert not any(c.could_bind for c in choose(["SCRAM-SHA-256"], tls=False, binding=True))


def test_every_mechanism_says_what_it_exposes() -> None:
    assert exposure_of("plain", tls=False) is Exposure.CLEAR
    assert exposure_of("PLAIN", tls=True) is Exposure.CLEAR_IN_TLS
    assert exposure_of("APOP", tls=False) is Exposure.MD5_CHALLENGE
    assert exposure_of("SCRAM-SHA-1", tls=False) is Exposure.SCRAM
    assert exposure_of("SCRAM-SHA-1-PLUS", tls=True) is Exposure.BOUND
    assert exposure_of("XOAUTH2", tls=True) is Exposure.TOKEN
    assert exposure_of("XOAUTH2", tls=False) is Exposure.TOKEN_IN_CLEAR
    assert exposure_of("EXTERNAL", tls=True) is Exposure.NOTHING
    assert all(member.value for member in Exposure)


def test_what_exposes_more_is_worse() -> None:
    better = [Exposure.NOTHING, Exposure.SCRAM, Exposure.TOKEN, Exposure.CLEAR_IN_TLS,
              Exposure.TOKEN_IN_CLEAR, Exposure.CLEAR]  # fmt: skip
    for place, one in enumerate(better):
        assert all(is_worse(other, one) for other in better[place + 1 :])
        assert not any(is_worse(other, one) for other in better[: place + 1])
    # A server that lost its channel binding asks nobody: SCRAM itself finds out who strips it.
    assert not is_worse(Exposure.SCRAM, Exposure.BOUND)
    assert {Exposure.CLEAR, Exposure.TOKEN_IN_CLEAR} == READABLE


def test_a_server_offers_no_password_in_the_clear_unless_told() -> None:
    assert offer(tls=False, allow_clear=False, secrets=True) == (
        "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5",
    )  # fmt: skip
    assert "PLAIN" in offer(tls=False, allow_clear=True)
    assert offer(tls=True, allow_clear=False, binding=True, tokens=True) == (
        "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN",
        "OAUTHBEARER", "XOAUTH2",
    )  # fmt: skip
    assert set(offer(tls=True, allow_clear=True, secrets=True, tokens=True, binding=True)) < set(
        ALL
    )
