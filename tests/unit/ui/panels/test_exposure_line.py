"""What a login gives away, said before a password is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Auth, Security
from desktopmail.ui import language
from desktopmail.ui.panels.exposure_line import Exposed, ExposureLine, Way
from desktopmail.wire.sasl.policy import READABLE, exposure_of

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

MECHANISMS = {
    Auth.PLAIN: "PLAIN",
    Auth.CRAM_MD5: "CRAM-MD5",
    Auth.SCRAM: "SCRAM-SHA-256",
    Auth.APOP: "APOP",
}


def way(security: Security, auth: Auth = Auth.AUTO, host: str = "mail.example.org") -> Way:
    return Way("Incoming server", host, security, auth)


@pytest.mark.parametrize("auth", MECHANISMS)
@pytest.mark.parametrize("security", Security)
def test_consent_is_asked_for_where_the_engine_would_refuse_without(
    security: Security, auth: Auth, qtbot: QtBot
) -> None:
    line = ExposureLine()
    qtbot.addWidget(line)
    line.show_ways([way(security, auth)])
    exposure = exposure_of(MECHANISMS[auth], tls=security is not Security.NONE)
    assert line.needs_consent is (exposure in READABLE)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", " LOCALHOST "])
def test_what_stays_on_this_computer_needs_no_consent(host: str) -> None:
    assert way(Security.NONE, Auth.PLAIN, host).exposed is Exposed.LOCAL


def test_two_servers_alike_are_said_in_one_sentence(qtbot: QtBot) -> None:
    line = ExposureLine()
    qtbot.addWidget(line)
    line.show_ways([way(Security.TLS), way(Security.STARTTLS)])
    assert [is_warning for _, is_warning in line.said] == [False]
    line.show_ways([way(Security.NONE), way(Security.NONE)])
    assert [is_warning for _, is_warning in line.said] == [True]


def test_of_two_servers_only_the_one_in_the_clear_is_warned_about(qtbot: QtBot) -> None:
    line = ExposureLine()
    qtbot.addWidget(line)
    line.show_ways([way(Security.TLS), way(Security.NONE)])
    (safe, is_safe_warned), (clear, is_clear_warned) = line.said
    assert "encrypted" in safe
    assert not is_safe_warned
    assert "encrypted" not in clear
    assert is_clear_warned
    assert line.needs_consent


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
def test_each_has_its_sentence_in_every_language(tongue: str) -> None:
    named = language.load_catalogue(tongue).sentences
    assert all(f"exposure.{exposed}" in named for exposed in Exposed)
    assert all(f"auth.{auth.value}" in named for auth in Auth)
