"""An error at the door is one sentence and one remedy."""

from __future__ import annotations

from desktopmail.door.interface import DoorError, EngineGoneError


def test_an_error_reads_as_a_sentence_and_its_remedy() -> None:
    error = DoorError(
        "The server refused the password.", remedy="Type it again.", code="auth-failed"
    )
    assert str(error) == "The server refused the password. Type it again."
    assert error.code == "auth-failed"


def test_a_lost_engine_is_an_error_of_the_door() -> None:
    assert isinstance(EngineGoneError("The engine ended."), DoorError)
