"""Questions about a transcript."""

from __future__ import annotations

import pytest

from desktopmail.net.ports import SystemClock
from localserver.conversation import Conversation
from localserver.transcript import Transcript


@pytest.fixture
def conversation() -> Conversation:
    transcript = Transcript(SystemClock())
    session = transcript.session("imap", "peer")
    session.record("S", b"* OK hi\r\n")
    session.record("C", b"a1 NOOP\r\n")
    session.record("C", b"a2 SELECT INBOX\r\n")
    session.record("S", b"a1 OK\r\na2 OK\r\n")
    session.record("C", b"a3 LOGOUT\r\n")
    session.record("S", b"* BYE\r\n")
    transcript.session("pop3", "peer").record("C", b"QUIT\r\n")
    return Conversation(transcript)


def test_commands_come_without_tags(conversation: Conversation) -> None:
    assert conversation.commands("imap") == ["NOOP", "SELECT INBOX", "LOGOUT"]
    assert conversation.commands(session=2) == ["QUIT"]
    assert conversation.sessions() == [1, 2]


def test_round_trips_count_waiting_and_not_commands(conversation: Conversation) -> None:
    assert conversation.round_trips("imap") == 2
    conversation.assert_round_trips(2, protocol="imap")
    with pytest.raises(AssertionError, match="2 round trips, 1 were allowed"):
        conversation.assert_round_trips(1, protocol="imap")


def test_assertions_show_what_was_said(conversation: Conversation) -> None:
    conversation.assert_said("SELECT .*BOX")
    conversation.assert_never_said("LOGIN")
    with pytest.raises(AssertionError, match="NOOP"):
        conversation.assert_said("EXAMINE")
    with pytest.raises(AssertionError, match="SELECT INBOX"):
        conversation.assert_never_said("SELECT")


def test_sessions_that_wait_at_the_same_time_are_counted_each() -> None:
    transcript = Transcript(SystemClock())
    one, other = (transcript.session("pop3", peer) for peer in ("a", "b"))
    for session in (one, other):
        session.record("C", b"STAT\r\n")
    for session in (one, other):
        session.record("S", b"+OK 0 0\r\n")
    one.record("S", b"more\r\n")
    assert Conversation(transcript).round_trips() == 2
    assert Conversation(transcript).round_trips(session=1) == 1


def test_remarks_are_no_part_of_a_round_trip() -> None:
    transcript = Transcript(SystemClock())
    session = transcript.session("imap", "peer")
    session.record("C", b"a STARTTLS\r\n")
    session.record("*", b"TLS started\r\n")
    session.record("S", b"a OK\r\n")
    conversation = Conversation(transcript)
    assert conversation.round_trips() == 1
    assert conversation.commands() == ["STARTTLS"]
    assert conversation.text().splitlines() == ["C: a STARTTLS", "*: TLS started", "S: a OK"]
