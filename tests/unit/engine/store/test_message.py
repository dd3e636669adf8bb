"""Two messages are the same only if their octets are, or the digests of their headers and sizes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.ids import MessageId
from desktopmail.door.rows import Flag
from desktopmail.engine import summary
from desktopmail.engine.store import blob, message, placement
from tests.helpers.store import add_account, bare, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from desktopmail.engine.store.message import Kept
    from desktopmail.engine.store.store import Store, Transaction


def header_of(octets: bytes) -> bytes:
    return octets[: octets.index(b"\r\n\r\n") + 4]


def keep_whole(tx: Transaction, octets: bytes) -> Kept:
    (blob_id,) = blob.put(tx, [octets])
    row = summary.of_message(octets)
    return message.keep(tx, row, blob_id=blob_id, size=len(octets), arrived_s=1)


def keep_header(tx: Transaction, octets: bytes, size: int | None = None) -> Kept:
    row = summary.of_header(header_of(octets))
    return message.keep(
        tx, row, blob_id=None, size=len(octets) if size is None else size, arrived_s=1
    )


async def found(store: Store, word: str) -> int:
    rows = await store.read(lambda tx: tx.fetch("SELECT 1 FROM words WHERE words MATCH ?", (word,)))
    return len(rows)


async def test_the_same_octets_are_one_message(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: keep_whole(tx, mail(1)))
        again = await store.write(lambda tx: keep_whole(tx, mail(1)))
        assert (first.is_new, again.is_new) == (True, False)
        assert again.id == first.id


async def test_a_message_id_alone_makes_no_message_the_same(tmp_path: Path) -> None:
    one, other = mail(1, body="Yes."), mail(1, body="No.", subject="Changed by a list")
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: keep_whole(tx, one))
        second = await store.write(lambda tx: keep_whole(tx, other))
        assert first.id != second.id
        kept = await store.read(lambda tx: [message.octets(tx, k.id) for k in (first, second)])
        assert kept == [one, other]


async def test_two_bodies_under_one_header_are_two_messages(tmp_path: Path) -> None:
    one, other = mail(1, body="Yes, buy."), mail(1, body="No, sell.")
    assert len(one) == len(other)
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: keep_whole(tx, one))
        second = await store.write(lambda tx: keep_whole(tx, other))
        kept = await store.read(lambda tx: [message.octets(tx, k.id) for k in (first, second)])
        assert kept == [one, other]


async def test_a_header_meets_the_message_it_belongs_to(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        whole = await store.write(lambda tx: keep_whole(tx, mail(1)))
        header = await store.write(lambda tx: keep_header(tx, mail(1)))
        assert header.id == whole.id
        assert header.has_octets


async def test_another_size_under_the_same_header_is_another_message(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        whole = await store.write(lambda tx: keep_whole(tx, mail(1)))
        header = await store.write(lambda tx: keep_header(tx, mail(1), size=len(mail(1)) + 1))
        assert header.id != whole.id
        assert not header.has_octets


async def test_a_header_that_names_nothing_is_nobody_else(tmp_path: Path) -> None:
    nameless = b"From: cron@example.org\r\nSubject: done\r\n\r\nfine\r\n"
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: keep_header(tx, nameless))
        again = await store.write(lambda tx: keep_header(tx, nameless))
        assert first.id != again.id


async def test_octets_tell_which_of_the_messages_of_one_header_they_are(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        kept = await store.write(
            lambda tx: [
                keep_whole(tx, bare("one")),
                keep_header(tx, bare("two")),
                keep_header(tx, bare("another")),
                keep_whole(tx, bare("two")),
            ]
        )
        ids = [one.id for one in kept]
        for octets, place in (
            (bare("one"), 0), (bare("two"), 3), (bare("six"), 1), (bare("another"), 2),
            (bare("one") + b"\r\n", 0), (bare("forty"), None),
        ):  # fmt: skip
            found = await store.read(lambda tx, one=octets: message.with_octets(tx, ids, one))
            assert found == (None if place is None else ids[place]), octets


async def test_octets_that_come_later_complete_the_message_and_its_rows(tmp_path: Path) -> None:
    octets = mail(1, body="the word zebra")

    def place(tx: Transaction) -> Kept:
        kept = keep_header(tx, octets)
        inbox = inbox_of(tx, add_account(tx))
        placement.add(tx, inbox, kept, uid=1, flags=0, arrived_s=1, wanted=True)  # type: ignore[arg-type]
        return kept

    async with open_store(tmp_path) as store:
        header = await store.write(place)
        assert await found(store, "zebra") == 0
        whole = await store.write(lambda tx: keep_whole(tx, octets))
        assert (whole.id, whole.is_new, whole.has_octets) == (header.id, False, True)
        assert await store.read(lambda tx: message.octets(tx, header.id)) == octets
        assert await found(store, "zebra") == 1
        rows = await store.read(lambda tx: tx.fetch("SELECT wanted, size FROM placement"))
        assert rows == [(0, len(octets))]
        assert await store.read(lambda tx: tx.fetch("SELECT header FROM message")) == [(None,)]


async def test_octets_are_never_replaced_by_others(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: keep_whole(tx, mail(1)))

        def complete(tx: Transaction) -> None:
            (blob_id,) = blob.put(tx, [b"something else"])
            other = message.Coming(summary.of_message(b"something else"), blob_id, 14, 0)
            message.complete(tx, [(first.id, other)])

        await store.write(complete)
        assert await store.read(lambda tx: message.octets(tx, first.id)) == mail(1)


async def test_a_message_that_stands_nowhere_is_forgotten_with_its_words(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        placements = await store.write(
            lambda tx: put(tx, inbox_of(tx, account_id), [mail(1, body="quagga"), mail(2)])
        )
        both = await store.read(lambda tx: tx.fetch("SELECT id FROM message"))
        await store.write(lambda tx: message.drop_unplaced(tx, [row[0] for row in both]))
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(2,)]
        await store.write(lambda tx: placement.remove(tx, placements[:1]))
        assert await found(store, "quagga") == 0
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM blob")) == [(1,)]


async def test_a_message_that_is_gone_has_no_octets_and_no_digest(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        assert await store.read(lambda tx: message.octets(tx, 9)) is None  # type: ignore[arg-type]
        assert await store.read(lambda tx: message.digest(tx, 9)) == b""  # type: ignore[arg-type]
        with pytest.raises(KeyError):
            await store.read(lambda tx: message.kept(tx, 9))  # type: ignore[arg-type]


async def test_the_date_is_the_arrival_where_a_message_has_none(tmp_path: Path) -> None:
    undated = b"From: a@example.org\r\nMessage-ID: <u@example.org>\r\n\r\nhello\r\n"
    async with open_store(tmp_path) as store:

        def keep(tx: Transaction) -> Kept:
            return message.keep(
                tx, summary.of_message(undated), blob_id=blob.put(tx, [undated])[0],
                size=len(undated), arrived_s=1_234,
            )  # fmt: skip

        assert (await store.write(keep)).date_s == 1_234


_COMING = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["Yes.", "No."]), st.booleans()), max_size=8
)


def _coming(tx: Transaction, number: int, body: str, *, whole: bool) -> message.Coming:
    octets = mail(number, body=body, references=f"<{number - 1}@example.org>")
    if whole:
        (blob_id,) = blob.put(tx, [octets])
        return message.Coming(summary.of_message(octets), blob_id, len(octets), 1)
    return message.Coming(summary.of_header(header_of(octets)), None, len(octets), 1)


@given(_COMING)
@settings(max_examples=60, deadline=None)
async def test_together_messages_are_kept_as_one_by_one(
    coming: list[tuple[int, str, bool]],
) -> None:
    rows: list[list[object]] = []
    for together in (True, False):
        with TemporaryDirectory() as folder:
            async with open_store(Path(folder)) as store:

                def step(tx: Transaction, together: bool = together) -> list[Kept]:
                    values = [_coming(tx, n, body, whole=whole) for n, body, whole in coming]
                    if together:
                        return message.keep_all(tx, values)
                    return [message.keep_all(tx, [value])[0] for value in values]

                kept = await store.write(step)
                found = await store.read(
                    # Which of two threads that are joined keeps its number does not matter.
                    lambda tx: tx.fetch(
                        "SELECT id, blob_id, header, size, words_id, preview,"
                        " min(id) OVER (PARTITION BY thread_id) FROM message ORDER BY id"
                    )
                )
                words = await store.read(
                    lambda tx: tx.fetch("SELECT rowid FROM words WHERE words MATCH 'yes OR no'")
                )
                rows.append([*found, *words, *(one.id for one in kept)])
    assert rows[0] == rows[1]


def of_envelope(octets: bytes) -> summary.Summary:
    """What a server's envelope tells of a message: no digest, and of References nothing."""
    return summary.of_header(header_of(octets))._replace(header=b"", digest=b"", references=())


def keep_envelope(tx: Transaction, octets: bytes) -> Kept:
    return message.keep(tx, of_envelope(octets), blob_id=None, size=len(octets), arrived_s=1)


def named(tx: Transaction, local: MessageId, octets: bytes, *, whole: bool) -> None:
    if whole:
        (blob_id,) = blob.put(tx, [octets])
        coming = message.Coming(summary.of_message(octets), blob_id, len(octets), 1)
    else:
        row = summary.of_header(header_of(octets))
        coming = message.Coming(row, None, len(octets), 1)
    message.identify(tx, [(local, coming)])


async def test_two_envelopes_are_never_the_same_message(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: keep_envelope(tx, mail(1)))
        second = await store.write(lambda tx: keep_envelope(tx, mail(1)))
        assert (second.is_new, second.id) != (False, first.id)
        header = await store.write(lambda tx: keep_header(tx, mail(1)))
        assert header.is_new


@pytest.mark.parametrize("whole", [False, True])
async def test_an_envelope_becomes_what_its_header_or_its_octets_say(
    whole: bool, tmp_path: Path
) -> None:
    octets = mail(2, body="zebra", references="<1@example.org>")
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
        (before,) = await store.read(lambda tx: tx.fetch("SELECT thread_id FROM message"))
        one = await store.write(lambda tx: keep_envelope(tx, octets))
        assert await store.read(lambda tx: message.without_header(tx, [one.id])) == {
            one.id: len(octets)
        }
        await store.write(lambda tx: named(tx, one.id, octets, whole=whole))
        assert await store.read(lambda tx: message.without_header(tx, [one.id])) == {}
        (row,) = await store.read(
            lambda tx: tx.fetch(
                "SELECT header_digest, thread_id, subject FROM message WHERE id = ?", (one.id,)
            )
        )
        assert row == (summary.of_message(octets).digest, before[0], "Subject 2")
        assert await store.read(lambda tx: message.octets(tx, one.id)) == (
            octets if whole else None
        )
        assert await found(store, "zebra") == whole
        again = await store.write(lambda tx: keep_header(tx, octets))
        assert (again.is_new, again.id) == (False, one.id)


@pytest.mark.parametrize("whole", [False, True])
async def test_an_envelope_that_is_another_message_becomes_that_one_where_it_stands(
    whole: bool, tmp_path: Path
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        (known,) = await store.read(lambda tx: tx.fetch("SELECT id FROM message"))
        one = await store.write(lambda tx: keep_envelope(tx, mail(1)))
        placed = await store.write(
            lambda tx: placement.add(
                tx, inbox, one, uid=9, flags=Flag.NONE, arrived_s=1, wanted=True
            )
        )
        await store.write(lambda tx: named(tx, one.id, mail(1), whole=whole))
        rows = await store.read(
            lambda tx: tx.fetch("SELECT message_id, wanted FROM placement WHERE id = ?", (placed,))
        )
        assert rows == [(known[0], 0)]
        assert await store.read(lambda tx: tx.fetch("SELECT id FROM message")) == [known]


async def test_one_that_has_a_header_already_or_is_gone_is_left_alone(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        one = await store.write(lambda tx: keep_header(tx, mail(1)))
        await store.write(lambda tx: named(tx, one.id, mail(2), whole=False))
        await store.write(lambda tx: named(tx, MessageId(99), mail(2), whole=False))
        rows = await store.read(lambda tx: tx.fetch("SELECT message_id FROM message"))
        assert rows == [("1@example.org",)]


async def test_what_has_the_message_id_and_size_of_one_that_is_here_may_be_that_one(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        await store.write(lambda tx: keep_header(tx, mail(1)))

        async def alike(message_ids: list[str], sizes: list[int]) -> set[str]:
            return await store.read(lambda tx: message.alike(tx, message_ids, sizes))

        sizes = [len(mail(1)), len(mail(2))]
        assert await alike(["1@example.org", "2@example.org"], sizes) == {"1@example.org"}
        assert await alike(["1@example.org", ""], [len(mail(1)) + 9, 1]) == set()


async def test_a_header_is_told_with_the_octets_that_came_in_the_same_step(tmp_path: Path) -> None:
    octets = mail(1)
    async with open_store(tmp_path) as store:

        def step(tx: Transaction) -> list[message.Kept]:
            (blob_id,) = blob.put(tx, [octets])
            whole = message.Coming(summary.of_message(octets), blob_id, len(octets), 1)
            head = summary.of_header(header_of(octets))
            alone = message.Coming(head, None, len(octets), 1)
            return message.keep_all(tx, [alone, whole])

        first, second = await store.write(step)
        assert (first.has_octets, first.is_new) == (True, True)
        assert second == first._replace(is_new=False)


async def test_an_envelope_whose_header_comes_beside_the_octets_of_the_same_message_has_these(
    tmp_path: Path,
) -> None:
    """They were forgotten again by the header, and not wanted any more."""
    octets = mail(1, body="zebra")
    async with open_store(tmp_path) as store:

        def step(tx: Transaction) -> list[MessageId]:
            inbox = inbox_of(tx, add_account(tx))
            ids = []
            for uid in (1, 2):
                one = keep_envelope(tx, octets)
                placement.add(tx, inbox, one, uid=uid, flags=Flag.NONE, arrived_s=1, wanted=True)
                ids.append(one.id)
            return ids

        def both(tx: Transaction, ids: list[MessageId]) -> None:
            (blob_id,) = blob.put(tx, [octets])
            head = summary.of_header(header_of(octets))
            alone = message.Coming(head, None, len(octets), 1)
            whole = message.Coming(summary.of_message(octets), blob_id, len(octets), 1)
            message.identify(tx, [(ids[0], alone), (ids[1], whole)])

        ids = await store.write(step)
        await store.write(lambda tx: both(tx, ids))
        rows = await store.read(
            lambda tx: tx.fetch("SELECT DISTINCT message_id, wanted FROM placement")
        )
        assert len(rows) == 1
        assert await store.read(lambda tx: message.octets(tx, rows[0][0])) == octets
        assert rows[0][1] == 0
        assert await found(store, "zebra") == 1
