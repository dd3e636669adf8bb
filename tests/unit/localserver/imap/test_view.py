"""A mailbox as one client knows it."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from desktopmail.wire.imap.sequence import SeqSet, UidSet
from localserver.imap.view import News, View
from localserver.store.mailbox import Mailbox
from tests.helpers.imap_dialogue import another, logged_in, mail

if TYPE_CHECKING:
    from tests.helpers.imap_dialogue import Dialogue


class FakeAccount:
    def open(self, mailbox: Mailbox, told: object) -> None:
        mailbox.subscribe(told)  # type: ignore[arg-type]

    def query(self, *_: object) -> list[tuple[int]]:
        return []


def mailbox(*uids: int) -> Mailbox:
    box = Mailbox(1, "INBOX", 7, (uids[-1] if uids else 0) + 1, 1, "", len(uids), 0, 0, 0, 1)
    box.load(uids)
    return box


def view(box: Mailbox, *, readonly: bool = False) -> View:
    return View(FakeAccount(), box, lambda: None, readonly=readonly)  # type: ignore[arg-type]


def test_two_views_share_the_list_until_one_has_to_wait_with_an_expunge() -> None:
    box = mailbox(1, 2, 3)
    one, other = view(box), view(box)
    assert one.uids is other.uids
    box.expunged([2], 2)
    assert one.news(expunges=True).expunged == [(2, 2)]
    assert other.news(expunges=False).expunged == []
    assert list(one.uids) == [1, 3]
    assert list(other.uids) == [1, 2, 3]


def test_what_waited_is_told_later_together_with_what_came() -> None:
    box = mailbox(1, 2, 3)
    one = view(box)
    box.expunged([1], 2)
    one.news(expunges=False)
    box.appended([4], 3)
    assert one.news(expunges=False) == News([], 4, 4, [])
    assert list(one.uids) == [1, 2, 3, 4]
    assert one.has_news(expunges=True)
    assert not one.has_news(expunges=False)
    assert one.news(expunges=True).expunged == [(1, 1)]
    assert list(one.uids) == [2, 3, 4]
    assert not one.has_news(expunges=True)


def test_changes_are_told_by_the_numbers_the_client_has_after_the_expunges() -> None:
    box = mailbox(1, 2, 3)
    one = view(box)
    box.expunged([1], 2)
    box.flags_changed([3], 3)
    news = one.news(expunges=True)
    assert news.expunged == [(1, 1)]
    assert news.changed == [(2, 3)]


def test_ones_own_changes_are_not_told() -> None:
    box = mailbox(1, 2)
    one, other = view(box), view(box)
    box.flags_changed([1], 2)
    one.own.add(2)
    assert one.news(expunges=True).changed == []
    assert other.news(expunges=True).changed == [(1, 1)]


@pytest.mark.parametrize(
    ("numbers", "places"),
    [("1:3", [0, 1, 2]), ("*", [2]), ("2:*", [1, 2]), ("3,1", [0, 2]), ("4", None), ("1:9", None)],
)
def test_sequence_numbers(numbers: str, places: list[int] | None) -> None:
    found = view(mailbox(5, 7, 9)).places(SeqSet.parse(numbers.encode()))
    assert (None if found is None else list(found)) == places


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ("1:*", [0, 1, 2]),
        ("7", [1]),
        ("6", []),
        ("8:100", [2]),
        ("50:*", [2]),
        ("5:7,9", [0, 1, 2]),
    ],
)
def test_uids(numbers: str, places: list[int]) -> None:
    found = view(mailbox(5, 7, 9)).places(UidSet.parse(numbers.encode()))
    assert found is not None
    assert list(found) == places


def test_an_empty_mailbox_has_no_places() -> None:
    assert view(mailbox()).places(UidSet.all()) == []
    assert view(mailbox()).places(SeqSet.all()) is None


def test_examine_leaves_recent_to_others() -> None:
    box = mailbox(1, 2)
    assert view(box, readonly=True).recent == {1, 2}
    assert view(box).recent == {1, 2}
    assert view(box).recent == set()


def test_another_uidvalidity_makes_a_view_stale() -> None:
    box = mailbox(1)
    one = view(box)
    assert not one.is_stale
    box.uidvalidity += 1
    assert one.is_stale


class Client:
    """What a client believes of the mailbox it selected, from untagged responses alone."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.messages: list[tuple[int, frozenset[str]] | None] = []

    async def run(self, command: str) -> str:
        lines = await self.dialogue.run(command)
        for line in lines[:-1]:
            self.hear(line)
        return lines[-1]

    async def look(self) -> None:
        """Ask for what came without its flags."""
        unknown = [seq for seq, known in enumerate(self.messages, 1) if known is None]
        for seq in unknown:
            assert (await self.run(f"FETCH {seq} (UID FLAGS)")).startswith("OK")

    def hear(self, line: str) -> None:
        if found := re.match(r"\* (\d+) EXISTS", line):
            count = int(found[1])
            assert count >= len(self.messages), "EXISTS never shrinks a mailbox"
            self.messages += [None] * (count - len(self.messages))
        elif found := re.match(r"\* (\d+) EXPUNGE", line):
            del self.messages[int(found[1]) - 1]
        elif found := re.match(r"\* (\d+) FETCH \((.*)\)$", line, re.DOTALL):
            self.fetched(int(found[1]) - 1, found[2])

    def fetched(self, place: int, items: str) -> None:
        known = self.messages[place]
        uid = re.search(r"UID (\d+)", items)
        if uid is not None and known is not None:
            assert known[0] == int(uid[1]), "a sequence number means another message now"
        flags = re.search(r"FLAGS \(([^)]*)\)", items)
        if flags is None:
            return
        number = int(uid[1]) if uid is not None else known[0] if known is not None else 0
        if number:
            names = frozenset(flags[1].split()) - {"\\Recent"}
            self.messages[place] = (number, names)


COMMANDS = [
    r"STORE {n} +FLAGS (\Seen)", r"STORE {n} -FLAGS (\Seen)", r"STORE {n} +FLAGS.SILENT (\Deleted)",
    r"STORE {n} FLAGS (\Flagged work)", r"STORE 1:* -FLAGS (\Flagged)", "EXPUNGE",
    "FETCH {n} BODY[]", "SEARCH ALL", "NOOP", "NOOP", "COPY {n} INBOX", "MOVE {n} Trash",
    r"STORE {n} +FLAGS.SILENT (\Seen)", "UID FETCH 1:* FLAGS", "CHECK",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_others_do_every_client_ends_up_knowing_the_truth(seed: int) -> None:
    chance = random.Random(seed)
    octets = [mail(str(number)) for number in range(5)]
    async with (
        logged_in(messages=octets, select=None) as first,
        another(first, select=None) as second,
        another(first, select=None) as third,
    ):
        clients = [Client(each) for each in (first, second, third)]
        for client in clients:
            assert (await client.run("SELECT INBOX")).startswith("OK")
            await client.look()
        for _ in range(80):
            client = chance.choice(clients)
            if chance.random() < 0.15:
                await first.server.deliver_async("alice", octets[0])
            number = chance.randint(1, max(1, len(client.messages)))
            for known in client.messages[number - 1 : number]:
                if known is not None and "\\Deleted" in known[1] and chance.random() < 0.5:
                    await client.run(f"UID EXPUNGE {known[0]}")
            # A SILENT change is known to who made it, by itself.
            command = chance.choice(COMMANDS).format(n=number)
            answer = await client.run(command)
            if ".SILENT" in command and answer.startswith("OK"):
                await client.run(f"FETCH {number} (UID FLAGS)")
        for client in clients:
            await client.run("NOOP")
            await client.look()
        truth = [
            (each.uid, frozenset(each.flags)) for each in await first.server.messages_async("alice")
        ]
        for client in clients:
            assert client.messages == truth
