"""Questions are listed with their keys, and answered with one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.cli.main import main
from desktopmail.engine.store import question
from desktopmail.engine.store.store import Store
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path

CHOICES = (("later", "I will give another one"), ("retry", "Try it again as it is"))


async def ask(folder: Path) -> None:
    def step(tx: object) -> None:
        account_id = add_account(tx)  # type: ignore[arg-type]
        question.ask(
            tx,  # type: ignore[arg-type]
            "password-incoming",
            "localhost refused the password.",
            CHOICES,
            account_id=account_id,
            subject_id=account_id,
            asked_s=1.0,
        )

    async with open_store(folder) as store:
        assert isinstance(store, Store)
        await store.write(step)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    import asyncio

    asyncio.run(ask(tmp_path))
    return tmp_path


def test_they_are_listed_with_what_can_be_answered(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["questions", "list", "--profile", str(profile)]) == 0
    said = capsys.readouterr().out
    assert "localhost refused the password." in said
    assert "retry: Try it again as it is" in said


def test_one_that_is_not_there_is_one_sentence(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["questions", "answer", "77", "retry", "--profile", str(profile)]) == 1
    assert (
        "There is no question 77; `desktopmail questions list` shows the ids."
        in capsys.readouterr().err
    )


def test_without_an_account_nothing_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["questions", "list", "--profile", str(tmp_path)]) == 0
    assert "Nothing is asked." in capsys.readouterr().out
