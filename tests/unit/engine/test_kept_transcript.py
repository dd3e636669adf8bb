"""What was said to the servers is there for the next engine of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import RemoveAccount
from desktopmail.door.ids import AccountId
from desktopmail.door.profile import Profile
from desktopmail.door.queries import ReadTranscript, Transcript
from desktopmail.engine import kept_transcript
from desktopmail.engine.transcripts import KEPT_OCTETS, Transcripts
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.still_clock import StillClock

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.engine import Engine

ONE, TWO = AccountId(1), AccountId(2)


def rings() -> Transcripts:
    return Transcripts(StillClock(), 4_000_000)


def profile(folder: Path) -> Profile:
    return Profile.at(folder)


def begun_anew(folder: Path, before: Transcripts) -> Transcripts:
    """What the next engine has of what this one kept."""
    kept_transcript.save(profile(folder), before)
    after = rings()
    kept_transcript.load(profile(folder), after)
    return after


async def said(engine: Engine, account_id: AccountId | None = None) -> Transcript:
    answer = await engine.query(ReadTranscript(account_id=account_id, since=0))
    assert isinstance(answer, Transcript)
    return answer


async def test_what_an_engine_said_is_read_from_the_next_one(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
    async with running_engine(tmp_path) as bench:
        records = (await said(bench.engine, account_id)).records
        text = b"".join(one.octets for one in records)
        assert b"LOGIN" in text or b"AUTHENTICATE" in text
        assert PASSWORDS["alice"].encode() not in text
        await bench.engine.command(RemoveAccount(account_id=account_id))
        assert not (await said(bench.engine)).records
    async with running_engine(tmp_path) as bench:
        assert not (await said(bench.engine)).records


def test_records_of_the_next_engine_follow_behind_with_names_of_their_own(tmp_path: Path) -> None:
    before = rings()
    before.recorder(ONE, "imap").record("S", b"* OK first\r\n")
    before.recorder(TWO, "imap").record("S", b"* OK second\r\n")
    after = begun_anew(tmp_path, before)
    after.recorder(ONE, "imap").record("S", b"* OK third\r\n")
    assert [(one.number, one.connection, one.octets) for one in after.read(None, 0).records] == [
        (1, "imap 1", b"* OK first\r\n"),
        (2, "imap 2", b"* OK second\r\n"),
        (3, "imap 3", b"* OK third\r\n"),
    ]


def test_of_much_the_newest_is_kept(tmp_path: Path) -> None:
    before = rings()
    recorder = before.recorder(ONE, "imap")
    for number in range(1_000):
        recorder.record("S", b"%04d" % number + b"x" * 1_000)
    after = begun_anew(tmp_path, before).read(None, 0).records
    assert after[-1].octets.startswith(b"0999")
    assert 100 < len(after) < 300
    assert profile(tmp_path).transcript.stat().st_size <= KEPT_OCTETS
    assert profile(tmp_path).transcript.stat().st_mode & 0o777 == 0o600


def test_an_engine_that_said_nothing_leaves_what_was_kept(tmp_path: Path) -> None:
    before = rings()
    before.recorder(ONE, "imap").record("S", b"* OK first\r\n")
    begun_anew(tmp_path, begun_anew(tmp_path, before))
    kept = profile(tmp_path).transcript
    written = kept.stat().st_mtime_ns
    after = begun_anew(tmp_path, rings())
    assert kept.stat().st_mtime_ns == written
    assert [one.octets for one in after.read(None, 0).records] == [b"* OK first\r\n"]


@pytest.mark.logs("cannot be read in .*transcript")
def test_what_cannot_be_read_is_said_in_the_log_and_nothing_is_taken_in(tmp_path: Path) -> None:
    profile(tmp_path).transcript.write_bytes(b"\x93\x01garbage")
    after = rings()
    kept_transcript.load(profile(tmp_path), after)
    assert after.read(None, 0).records == ()


@pytest.mark.logs("cannot be kept in .*transcript: No such file")
def test_where_it_cannot_be_written_that_is_said_in_the_log(tmp_path: Path) -> None:
    before = rings()
    before.recorder(ONE, "imap").record("S", b"* OK first\r\n")
    kept_transcript.save(profile(tmp_path / "gone"), before)
    assert len(before.read(None, 0).records) == 1
