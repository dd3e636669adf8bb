"""Every operator of the search language as a query, alone and where it is hardest.

The queries are about the corpora of `bench_index`, and about what `prepare` made of them: of so
many messages few are flagged, tagged, answered or stand in a mailbox of their own, and those are
the oldest, which a walk from the newest back meets last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import CopyMessages, CreateMailbox, StoreFlags
from desktopmail.door.ids import MailboxId
from desktopmail.door.rows import Flag, View

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from tests.benchmarks.engine import Running

_RARE = 120


async def prepare(engine: Running, account_id: AccountId, inbox: MailboxId) -> None:
    """Give the oldest messages of a mailbox what few have."""
    view = View(mailbox_ids=(inbox,), descending=False)
    oldest = [row.id for row in engine.reader.window(view, 0, 4 * _RARE)]
    door = engine.session.door
    made = await door.command(CreateMailbox(account_id=account_id, name="Rare"))
    rare = MailboxId(made.ids[0])
    await door.command(CopyMessages(placement_ids=tuple(oldest[:_RARE]), mailbox_id=rare))
    flagged, answered = tuple(oldest[_RARE : 2 * _RARE]), tuple(oldest[2 * _RARE :])
    await door.command(StoreFlags(placement_ids=flagged, add=Flag.FLAGGED))
    await door.command(StoreFlags(placement_ids=answered, add=Flag.ANSWERED))
    await door.command(StoreFlags(placement_ids=tuple(oldest[:50]), add_tags=("seldom",)))


def queries(one: str, two: str, number: int) -> dict[str, str]:
    """Queries by what they are.

    Args:
        one: A word, the frequent ones more often.
        two: Another one.
        number: Counts the turns.
    """
    return _words(one, two, number) | _beginnings(one, two, number) | _filtered(one) | {
        **_filters_alone(), **_joined(one, two),
    }  # fmt: skip


def _words(one: str, two: str, number: int) -> dict[str, str]:
    return {
        "a word": one,
        "two words": f"{one} {two}",
        "a phrase": f'"{one} {two}"',
        "either": f"{one} OR {two}",
        "one without another": f"{one} -{two}",
        "a word in the subject": f"subject:{one}",
        "a word in the body": f"body:{one}",
        "a person": f"from:person{number}",
        "an address": f"to:team{number % 30}@bench.example",
        "the name of a file": "filename:report.pdf",
        "a phrase of the commonest words": '"of the and"',
        "a phrase of eight words": f'"{one} of the and to in a {two}"',
        "two words that are never together": f"to:team{number % 30} to:team{(number + 1) % 30}",
        "the commonest words, and all of them kept off": "the of -the",
        "a word in Chinese": "会议",
        "a sentence in Chinese": "会议的时间",
        "words in Chinese that are never together": "会议 站车",
        "what a word is missing in": f"-{one}",
        "what the commonest word is missing in": "-the",
        "what the six commonest words are missing in": "-(the OR of OR and OR to OR in OR a)",
        "a word that is nowhere": "quagga",
    }


def _beginnings(one: str, two: str, number: int) -> dict[str, str]:
    return {
        "a beginning of one letter": f"{one[:1]}*",
        "a beginning of two letters": f"{one[:2]}*",
        "a beginning of three letters": f"{one[:3]}*",
        "a beginning of four letters": f"{one[:4]}*",
        "a beginning of five letters": f"{one[:5]}*",
        "two beginnings": f"{one[:1]}* {two[:2]}*",
        "a beginning in the subject": f"subject:{one[:1]}*",
        "a beginning of a person": "from:p*",
        "a beginning of a person and its number": f"from:person{number // 10}*",
        "a beginning in Chinese": "会议*",
        "a beginning, and a word that is nowhere": f"{one[:1]}* quagga",
        "what a beginning is missing in": f"-{one[:1]}*",
        "a beginning of one letter among few flagged": f"{one[:1]}* is:flagged",
    }


def _filtered(one: str) -> dict[str, str]:
    filters = {
        "unread ones": "is:unread",
        "read ones, of which there are none": "is:read",
        "few flagged ones": "is:flagged",
        "few answered ones": "is:answered",
        "drafts, of which there are none": "is:draft",
        "forwarded ones, of which there are none": "is:forwarded",
        "one mailbox": "in:inbox",
        "a mailbox of few": "in:rare",
        "a mailbox that is not there": "in:nowhere",
        "one account": "account:alice",
        "an account that is not there": "account:nobody",
        "few with a tag": "tag:seldom",
        "a tag that is not there": "tag:never",
        "large ones": "larger:100k",
        "very large ones": "larger:1M",
        "small ones": "smaller:1k",
        "smaller ones than there are": "smaller:10",
        "those with attachments": "has:attachment",
        "those without": "-has:attachment",
        "those of before": "before:2023-11-17",
        "those of long before": "before:1990-01-01",
        "those of after": "after:2023-11-16",
        "those of long after": "after:2090-01-01",
        "those without a tag": "-tag:seldom",
        "those outside of a mailbox": "-in:rare",
        "large ones without attachments, of which there are few": "-has:attachment larger:10k",
        "large ones with attachments, read": "has:attachment larger:10k is:read",
    }
    some = {name: f"{one} {condition}" for name, condition in filters.items()}
    return some | {
        f"{name}, of the commonest word": f"the {condition}" for name, condition in filters.items()
    }


def _filters_alone() -> dict[str, str]:
    return {
        f"{condition} alone": condition
        for condition in (
            "is:unread", "is:read", "is:flagged", "is:answered", "is:draft", "in:rare",
            "in:nowhere", "account:alice", "tag:seldom", "tag:never", "larger:100k", "larger:1M",
            "larger:100M", "smaller:1k", "smaller:10", "has:attachment", "-has:attachment",
            "before:1990-01-01", "before:2023-11-17", "after:2090-01-01", "-is:unread",
            "-is:flagged",
        )
    }  # fmt: skip


def _joined(one: str, two: str) -> dict[str, str]:
    return {
        "a word or few flagged": f"{one} OR is:flagged",
        "the commonest word or few flagged": "the OR is:flagged",
        "a word that is nowhere or few flagged": "quagga OR is:flagged",
        "either of two rare states": "is:draft OR is:answered",
        "few, or words, twice": f"({one} OR is:flagged) ({two} OR larger:1M)",
        "words or none, among few": "(the OR is:draft) is:flagged",
        "what words are missing in among few": f"-{one} is:flagged",
        "what the commonest word is missing in in a mailbox of few": "-the in:rare",
        "few, or words, three times": (
            f"({one} OR is:flagged) ({two} OR larger:1M) (the OR has:attachment)"
        ),
        "words, or one of three filters": f"{one} OR is:flagged OR larger:1M OR has:attachment",
        "neither a word nor unread": f"-({one} OR is:unread)",
        "large unread ones without an answer": "is:unread -is:answered larger:20k",
        "very large ones with attachments, read": "has:attachment larger:1M is:read",
        "large unread ones without attachments": "is:unread -has:attachment larger:10k",
    }
