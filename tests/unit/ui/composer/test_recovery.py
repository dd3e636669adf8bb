"""What is being written survives a crash, with its files, and is forgotten when it is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.ids import AccountId, PlacementId
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File
from desktopmail.ui.composer.recovery import Recovery
from desktopmail.ui.composer.writing import Placed, Writing

if TYPE_CHECKING:
    from pathlib import Path

DRAFT = Draft(
    Mailbox("Anna Weber", "anna@sandbox.test"),
    to=(Mailbox("Weber, Ben", "ben@sandbox.test"), Mailbox("", "half")),
    bcc=(Mailbox("", "secret@sandbox.test"),),
    subject="Grüße",
    text="Hallo\n",
    html="<div><b>Hallo</b></div>",
    files=(File("a.png", "image/png", b"\x89PNG", "c1@sandbox.test"), File("b", "a/b", b"")),
    in_reply_to="1@x",
    references=("0@x", "1@x"),
)
PLACED = Placed(account_id=AccountId(3), answers=PlacementId(7), replaces=PlacementId(9))


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    Recovery(tmp_path / "unsent").keep("k1", DRAFT, PLACED)
    assert Recovery(tmp_path / "unsent").left() == [Writing(DRAFT, PLACED, recovered="k1")]


def test_the_last_version_counts_and_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    recovery = Recovery(tmp_path / "unsent")
    recovery.keep("k1", DRAFT, PLACED)
    later = Draft(DRAFT.sender, subject="Later")
    recovery.keep("k1", later, Placed())
    recovery.keep("k2", DRAFT, PLACED)
    assert recovery.left()[0] == Writing(later, recovered="k1")
    recovery.forget("k1")
    recovery.forget("k1")
    assert [it.recovered for it in recovery.left()] == ["k2"]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    recovery = Recovery(tmp_path / "unsent")
    recovery.keep("k1", DRAFT, PLACED)
    place = tmp_path / "unsent" / "k1"
    assert place.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in place.iterdir())


def test_what_cannot_be_read_hides_nothing_else(tmp_path: Path) -> None:
    recovery = Recovery(tmp_path / "unsent")
    recovery.keep("k2", DRAFT, PLACED)
    (tmp_path / "unsent" / "k1").mkdir()
    (tmp_path / "unsent" / "k1" / "draft.json").write_bytes(b"{torn")
    (tmp_path / "unsent" / "stray").write_bytes(b"")
    assert [it.recovered for it in recovery.left()] == ["k2"]


def test_without_a_profile_nothing_is_kept() -> None:
    recovery = Recovery.of_profile(None)
    recovery.keep("k1", DRAFT, PLACED)
    recovery.forget("k1")
    assert recovery.left() == []
