"""What nobody has in memory any more is indexed from the octets, in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from desktopmail.door.changes import MessagesChanged
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Flag
from desktopmail.engine import indexing, plain_rows, reading, summary
from desktopmail.engine.in_hand import MESSAGE, Item, message_key
from desktopmail.engine.indexing import index_octets, index_waiting, index_without_octets
from desktopmail.engine.store import blob, message, placement, sending, words
from desktopmail.engine.store.message import Coming
from desktopmail.engine.store.placement import Placing
from desktopmail.mime.header import header_end
from desktopmail.net.ports import system_ports
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from desktopmail.door.changes import AnyChange
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.message import Kept
    from desktopmail.engine.store.store import Store, Transaction

T = TypeVar("T")
OKAPI = b"Subject: okapi\r\nFrom: Ann <ann@example.org>\r\n\r\n"


async def found(store: Store, word: str) -> int:
    rows = await store.read(lambda tx: tx.fetch("SELECT 1 FROM words WHERE words MATCH ?", (word,)))
    return len(rows)


def header(tx: Transaction) -> None:
    block = b"Subject: okapi\r\nMessage-ID: <h@example.org>\r\n\r\n"
    message.keep(tx, summary.of_header(block), blob_id=None, size=900, arrived_s=1)


async def test_whole_messages_and_headers_are_indexed_from_what_is_here(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1, body="zebra")]))
        await store.write(header)
        await store.write(words.queue_all)
        assert (await found(store, "zebra"), await found(store, "okapi")) == (0, 0)
        reader = SqliteReader(store.profile)
        assert reader.unindexed() == 2
        reader.close()
        await index_waiting(store, system_ports())
        assert (await found(store, "zebra"), await found(store, "okapi")) == (1, 1)
        assert await store.read(words.count_waiting) == 0


async def test_a_header_that_is_set_aside_is_found_by_its_row_and_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise AssertionError("the engine died of it")

    async with open_store(tmp_path) as store:
        await store.write(header)
        await store.write(words.queue_all)
        (row,) = await store.read(lambda tx: tx.fetch("SELECT header FROM message"))
        store.guard.aside = frozenset({Item(MESSAGE, message_key(row[0]))})
        monkeypatch.setattr(plain_rows, "of_one", dies)
        await index_waiting(store, system_ports())
        assert await found(store, "okapi") == 1


async def test_the_newest_are_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an upgrade all wait, and a person looks for what came lately."""
    monkeypatch.setattr(indexing, "_BATCH_MESSAGES", 2)
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        mails = [mail(n, body=f"zebra{n}", hour=hour) for n, hour in enumerate((5, 2, 9, 1, 7))]
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), mails))
        await store.write(words.queue_all)
        steps: list[set[int]] = []
        write = store.write

        async def watched(step: Callable[[Transaction], T]) -> T:
            result = await write(step)
            steps.append({n for n in range(5) if await found(store, f"zebra{n}")})
            return result

        monkeypatch.setattr(store, "write", watched)
        await index_waiting(store, system_ports())
        assert steps == [{2, 4}, {0, 1, 2, 4}, {0, 1, 2, 3, 4}]


async def test_damaged_octets_do_not_keep_the_others_waiting(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        both = [mail(1, body="zebra"), mail(2, body="quagga")]
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), both))
        await store.write(words.queue_all)
        await store.write(lambda tx: tx.execute("UPDATE blob SET position = 77 WHERE id = 1"))
        await index_waiting(store, system_ports())
        assert (await found(store, "zebra"), await found(store, "quagga")) == (0, 1)
        assert await store.read(words.count_waiting) == 0


def envelope(tx: Transaction, octets: bytes = OKAPI) -> Kept:
    """A message of which only the envelope is here, and which waits for its octets."""
    bare = summary.of_header(octets)._replace(header=b"", digest=b"")
    (kept,) = message.keep_all(tx, [Coming(bare, None, 900, 1, words_come=True)])
    return kept


async def test_of_a_message_without_header_the_row_is_indexed(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(envelope)
        await store.write(words.queue_all)
        await index_waiting(store, system_ports())
        assert [await found(store, word) for word in ("okapi", "ann", "zebra")] == [1, 1, 0]


async def test_what_waits_for_its_octets_is_indexed_without_them_for_its_account_alone(
    tmp_path: Path,
) -> None:
    def listed(tx: Transaction, name: str) -> AccountId:
        account_id = add_account(tx, name)
        octets = f"Subject: {name}\r\n\r\n".encode()
        kept = envelope(tx, octets)
        placement.add(tx, inbox_of(tx, account_id), kept, uid=1, flags=Flag.NONE, arrived_s=1)
        return account_id

    async with open_store(tmp_path) as store:
        okapi = await store.write(lambda tx: listed(tx, "okapi"))
        await store.write(lambda tx: listed(tx, "zebra"))
        await index_without_octets(store, system_ports(), okapi)
        assert (await found(store, "okapi"), await found(store, "zebra")) == (1, 0)
        assert await store.read(words.count_waiting) == 1


async def test_octets_that_come_while_a_row_is_read_are_indexed_by_their_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = OKAPI + b"zebra"
    async with open_store(tmp_path) as store:
        kept = await store.write(envelope)

        def come(tx: Transaction) -> None:
            (blob_id,) = blob.put(tx, [whole])
            coming = Coming(summary.of_message(whole), blob_id, len(whole), 1)
            message.identify(tx, [(kept.id, coming)])

        read = reading.read

        async def late(*arguments: Any) -> list[reading.Read]:
            monkeypatch.setattr(reading, "read", read)
            await store.write(come, words_later=True)
            return await read(*arguments)

        monkeypatch.setattr(reading, "read", late)
        await index_waiting(store, system_ports())
        assert await store.read(words.count_waiting) == 1
        await store.index_words()
        assert (await found(store, "okapi"), await found(store, "zebra")) == (1, 1)


MIXED = (
    b"Subject: okapi\r\nMessage-ID: <m@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nthe zebra\r\n--b\r\n"
    b"Content-Type: image/png; name=a.png\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n"
)


async def glanced(store: Store, octets: bytes) -> None:
    """Store a message of which only the header was read, and place it."""
    header = summary.of_header(octets[: header_end(octets)])._replace(header=b"")

    def step(tx: Transaction) -> None:
        (blob_id,) = blob.put(tx, [octets])
        kept = message.keep(tx, header, blob_id=blob_id, size=len(octets), arrived_s=1)
        (account_id,) = tx.fetch("SELECT max(id) FROM account")[0]
        placement.add_all(
            tx,
            inbox_of(tx, account_id),
            [Placing(kept, uid=1, flags=Flag.NONE, arrived_s=1)],
        )

    await store.write(step)


async def test_what_was_glanced_at_is_shown_and_found_by_its_octets(tmp_path: Path) -> None:
    plain = mail(1, body="zebra")
    wrong = plain.replace(b"text/plain", b"multipart/mixed")  # which is a guess, and false
    for number, (octets, attached) in enumerate([(MIXED, 1), (plain, 0), (wrong, 0)]):
        async with open_store(tmp_path / str(number)) as store:
            await store.write(add_account)
            await glanced(store, octets)
            assert (await found(store, "zebra"), await found(store, "okapi")) == (0, 0)
            told: list[AnyChange] = []
            store.listen(told.append)
            await index_octets(store, system_ports())
            assert await found(store, "zebra") == 1
            assert await store.read(words.count_waiting) == 0
            rows = await store.read(
                lambda tx: tx.fetch(
                    "SELECT m.preview, m.attachment, p.attachment FROM message AS m"
                    " JOIN placement AS p ON p.message_id = m.id"
                )
            )
            ((preview, *is_attached),) = rows
            assert is_attached == [attached, attached]
            assert "zebra" in preview
            assert [one for one in told if isinstance(one, MessagesChanged)]


async def test_what_was_glanced_at_before_a_crash_is_read_at_the_next_start(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(add_account)
        await glanced(store, MIXED)
    async with open_store(tmp_path) as store:
        await index_waiting(store, system_ports())
        assert await found(store, "zebra") == 1
        ((preview,),) = await store.read(lambda tx: tx.fetch("SELECT preview FROM message"))
        assert preview == "the zebra"


async def test_who_waits_for_octets_is_left_waiting_by_those_that_have_them(tmp_path: Path) -> None:
    def envelope(tx: Transaction) -> None:
        row = summary.of_header(b"Subject: quagga\r\n\r\n")._replace(header=b"", digest=b"")
        message.keep_all(tx, [Coming(row, None, 900, 1, words_come=True)])

    async with open_store(tmp_path) as store:
        await store.write(add_account)
        await store.write(envelope)
        await glanced(store, MIXED)
        await index_octets(store, system_ports())
        assert (await found(store, "zebra"), await found(store, "quagga")) == (1, 0)
        assert await store.read(words.count_waiting) == 1


async def test_a_report_that_was_glanced_at_is_heeded(tmp_path: Path) -> None:
    report = (
        b"Subject: Delivered\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nIt came.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; example.org"
        b"\r\n\r\nFinal-Recipient: rfc822; b@example.org\r\nAction: delivered\r\n"
        b"Status: 2.0.0\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + mail(7)
        + b"\r\n--b--\r\n"
    )

    def send(tx: Transaction) -> None:
        (blob_id,) = blob.put(tx, [mail(7)])
        sending.add(
            tx, add_account(tx), message_id="7@example.org", subject="", sender="a@example.org",
            recipients=("b@example.org",), blob_id=blob_id, now_s=0.0, delay_s=0.0, draft=None,
            answers=None, forwards=False,
        )  # fmt: skip

    async with open_store(tmp_path) as store:
        await store.write(send)
        await glanced(store, report)
        await index_octets(store, system_ports())
        reader = SqliteReader(store.profile)
        (row,) = reader.sendings()
        reader.close()
        assert [(one.address, one.state) for one in row.results] == [("b@example.org", "delivered")]
