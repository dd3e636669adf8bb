"""The ring of what was said: bounded, in order, and honest about what it has lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.ids import AccountId
from desktopmail.engine.masking import Masks
from desktopmail.engine.transcripts import MAX_RECORD_OCTETS, Transcripts
from tests.helpers.still_clock import StillClock

ONE, TWO = AccountId(1), AccountId(2)


def test_records_come_in_order_with_their_times() -> None:
    clock = StillClock()
    ring = Transcripts(clock, 10_000)
    recorder = ring.recorder(ONE, "imap")
    recorder.record("S", b"* OK ready\r\n")
    clock.advance(2)
    recorder.record("C", b"a LOGOUT\r\n")
    records = ring.read(None, 0).records
    assert [(one.number, one.sender, one.octets) for one in records] == [
        (1, "S", b"* OK ready\r\n"),
        (2, "C", b"a LOGOUT\r\n"),
    ]
    assert records[1].at_s - records[0].at_s == 2


def test_each_connection_has_a_name_of_its_own() -> None:
    ring = Transcripts(StillClock(), 10_000)
    for account_id, service in ((ONE, "imap"), (TWO, "imap"), (ONE, "smtp")):
        ring.recorder(account_id, service).record("S", b"x")
    names = [(one.account_id, one.connection) for one in ring.read(None, 0).records]
    assert names == [(ONE, "imap 1"), (TWO, "imap 2"), (ONE, "smtp 1")]
    assert [one.connection for one in ring.read(ONE, 0).records] == ["imap 1", "smtp 1"]
    assert [one.connection for one in ring.read(None, 2).records] == ["smtp 1"]


def test_of_a_long_record_beginning_and_end_are_kept_and_the_cut_is_said() -> None:
    ring = Transcripts(StillClock(), 100_000)
    lines = [b"line %05d\r\n" % number for number in range(2000)]
    ring.recorder(ONE, "imap").record("S", b"".join([*lines, b"a1 OK FETCH completed\r\n"]))
    (record,) = ring.read(None, 0).records
    shown = record.octets.splitlines()
    assert shown[0] == b"line 00000"
    assert shown[-1] == b"a1 OK FETCH completed"
    (cut,) = [line for line in shown if line.startswith(b"[")]
    left_out = 2000 - (len(shown) - 2)
    assert cut == b"[%d more octets]" % (left_out * len(lines[0]))
    assert len(record.octets) <= MAX_RECORD_OCTETS + 50


@given(st.lists(st.integers(0, 2 * MAX_RECORD_OCTETS), max_size=60), st.integers(0, 20_000))
def test_it_never_grows_beyond_its_size_and_counts_what_it_lost(
    sizes: list[int], limit: int
) -> None:
    ring = Transcripts(StillClock(), limit)
    recorder = ring.recorder(ONE, "pop3")
    for size in sizes:
        recorder.record("S", b"x" * size)
    found = ring.read(None, 0)
    assert sum(len(one.octets) for one in found.records) <= limit
    assert found.lost + len(found.records) == len(sizes)
    if found.records:
        last = found.records[-1].number
        assert last == len(sizes)
        assert ring.read(None, last).records == ()


def test_what_is_not_kept_is_counted_for_its_account() -> None:
    ring = Transcripts(StillClock(), 10_000)
    quiet, busy = ring.recorder(ONE, "smtp"), ring.recorder(TWO, "imap")
    quiet.record("S", b"220 hello\r\n")
    for _ in range(100):
        busy.record("S", b"x" * 1000)
    assert ring.read(ONE, 0).lost == 0
    assert ring.read(TWO, 0).lost == 100 - len(ring.read(TWO, 0).records) > 0
    assert ring.read(None, 0).lost == ring.read(TWO, 0).lost
    ring.forget(TWO)
    assert ring.read(None, 0).lost == 0


def test_a_long_fetch_leaves_what_was_said_on_other_connections() -> None:
    ring = Transcripts(StillClock(), 100_000)
    short, long = ring.recorder(ONE, "smtp"), ring.recorder(TWO, "imap")
    short.record("S", b"535 5.7.8 wrong\r\n")
    for _ in range(1000):
        long.record("S", b"x" * MAX_RECORD_OCTETS)
    assert [one.octets for one in ring.read(ONE, 0).records] == [b"535 5.7.8 wrong\r\n"]
    kept = ring.read(TWO, 0).records
    assert 5 < len(kept) < 20
    assert kept[-1].number == 1001
    assert ring.read(None, 0).lost == 1001 - 1 - len(kept)
    for _ in range(1000):  # of many connections the oldest goes
        ring.recorder(ONE, "pop3").record("S", b"x" * 1000)
    assert {one.connection for one in ring.read(ONE, 0).records}.isdisjoint({"smtp 1", "pop3 1"})


@pytest.mark.parametrize("when", ["always", "at_login"])
@pytest.mark.parametrize("cut", range(1, 60))
def test_a_password_that_a_server_repeats_in_pieces_is_hidden(cut: int, when: str) -> None:
    said = b"* BAD what is tanstaaf, and again tanstaaf?\r\n* OK go on\r\n"
    ring = Transcripts(StillClock(), 10_000)
    recorder, other = ring.recorder(ONE, "imap"), ring.recorder(TWO, "imap")
    with ring.hiding(Masks(**{when: (b"tanstaaf",)})):
        recorder.record("S", said[:cut])
        other.record("S", b"* OK another\r\n")
        recorder.record("S", said[cut:])
    records = ring.read(ONE, 0).records
    together = b"".join(one.octets for one in records)
    assert together == said.replace(b"tanstaaf", b"<password>")
    assert ring.read(TWO, 0).records[0].octets == b"* OK another\r\n"


def test_a_word_that_is_hidden_during_a_login_is_shown_after_it() -> None:
    ring = Transcripts(StillClock(), 10_000)
    recorder = ring.recorder(ONE, "imap")
    with ring.hiding(Masks((b"always",), (b"word",))), ring.hiding(Masks((), (b"word",))):
        recorder.record("S", b"* OK a word, always\r\n")
        recorder.record("C", b"a NOOP\r\n")
    recorder.record("S", b"* OK a word, always\r\n")
    assert [one.octets for one in ring.read(None, 0).records] == [
        b"* OK a <password>, <password>\r\n", b"a NOOP\r\n", b"* OK a word, <password>\r\n",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [4_097, 4_200, 6_000, 300_000])
def test_no_piece_of_a_password_stands_where_a_long_record_is_cut(size: int) -> None:
    password = b"Pa55w0rd-of-Anna"
    ring = Transcripts(StillClock(), 1_000_000)
    near_the_end = range(size - 1_100, size - 900)
    with ring.hiding(Masks((password, b"cGFzc3dvcmQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ="))):
        for at in (*range(3_000, 3_150), *near_the_end, 0, size - len(password)):
            octets = b"." * at + password + b"." * (size - at - len(password))
            ring.recorder(ONE, "imap").record("S", octets)
            shown = ring.read(None, 0).records[-1].octets
            assert not any(password[i : i + 3] in shown for i in range(len(password) - 2)), at
