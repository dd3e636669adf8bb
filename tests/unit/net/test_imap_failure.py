"""How a connection to an IMAP server fails, in sentences."""

from __future__ import annotations

from desktopmail.net import imap_failure as failure
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged
from desktopmail.wire.imap.noop import Noop


def test_a_refusal_names_command_and_code() -> None:
    full = Tagged(Tag("a"), Condition.NO, Code.OVERQUOTA, "full")
    refusal = failure.refused("mail.example:993", Noop(), full)
    assert refusal.code == "overquota"
    assert refusal.sentence == "mail.example:993 refused NOOP: full"
    assert refusal.reply is full


def test_a_refusal_without_text_or_code_names_its_kind() -> None:
    bad = failure.refused("h:1", Noop(), Tagged(Tag("a"), Condition.BAD))
    assert (bad.code, bad.sentence) == ("bad-command", "h:1 refused NOOP: BAD")
    assert failure.refused("h:1", Noop(), Tagged(Tag("a"), Condition.NO)).code == "refused"


def test_the_end_of_a_connection_repeats_what_the_server_said_of_it() -> None:
    assert failure.closed("h:1", None).sentence == "h:1 closed the connection."
    bye = Answer(Condition.BYE, None, "Shutting down.")
    assert failure.closed("h:1", bye).sentence == "h:1 closed the connection: Shutting down."
    assert failure.closed("h:1", bye).code == "closed"


def test_an_unavailable_server_may_be_tried_again() -> None:
    bye = Answer(Condition.BYE, Code.UNAVAILABLE, "later")
    assert failure.closed("h:1", bye).code == "temporary"


def test_a_violation_blames_the_server_and_an_impossible_command_does_not() -> None:
    assert "does not speak IMAP" in failure.broken("h:1", RemoteProtocolError("odd")).sentence
    assert failure.impossible("h:1", ValueError("odd")).code == "local"
