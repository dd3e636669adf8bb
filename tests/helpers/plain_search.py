"""A search by reading everything: what a query means, said in Python and without the store.

It is the opposite of fast and shares nothing with `door.search`: queries are made as trees and
written down, and each message is asked whether it matches its tree.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.engine.store import mailbox, placement
from tests.helpers.store import add_account, put

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from desktopmail.door.ids import MailboxId
    from desktopmail.engine.store.store import Transaction

COLUMNS = {
    "from": "sender",
    "to": "recipients",
    "cc": "recipients",
    "subject": "subject",
    "body": "body",
    "filename": "files",
}
_SPACELESS = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff]")
_UNITS = {"": 1, "k": 1024, "M": 1024**2}
# The commonest words, which the index has in pairs, many of them in a row; words that begin alike,
# that differ by case and accents alone, and of scripts without spaces; what is cut into several.
WORDS = (
    *("the", "of", "and", "to", "in", "a", "der", "die", "la") * 2,
    "lunch", "Lunar", "lu", "l", "moon", "moonlight", "Stra\u00dfe", "STRASSE", "caf\u00e9",
    "Cafe", "\u6771\u4eac", "\u4eac\u90fd", "\u6771", "\u041c\u043e\u0441\u043a\u0432\u0430",
    "2026", "a.b@c.de", "re", "OR", "x-1", "\u0e44\u0e17\u0e22",
)  # fmt: skip


@dataclass
class Plain:
    """A message in a mailbox, as a query sees it."""

    texts: dict[str, str]  # of each column
    date_s: int
    size: int
    has_attachment: bool
    id: int = 0
    mailbox: str = ""
    role: str = ""
    account: str = ""
    flags: Flag = Flag.NONE
    tags: frozenset[str] = frozenset()

    def words(self, column: str) -> list[list[str]]:
        """The words of a column, or of each where none is named."""
        return [words_of(self.texts[one]) for one in ([column] if column else self.texts)]


@dataclass(frozen=True)
class Asked:
    """A query as it is typed, and what it asks of a message; None: it asks nothing."""

    text: str
    holds: Callable[[Plain], bool] | None


def words_of(text: str) -> list[str]:
    """A text as words: in one case, without accents, each character of some scripts by itself."""
    text = text.casefold().replace("\u00df", "ss")
    text = _SPACELESS.sub(r" \g<0> ", text)
    plain = "".join(
        one for one in unicodedata.normalize("NFD", text) if unicodedata.category(one) != "Mn"
    )
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", plain))


def fill(chance: random.Random, tx: Transaction) -> list[Plain]:
    """Put messages into the mailboxes of two accounts; returns what of them is seen."""
    boxes: list[tuple[MailboxId, Plain]] = []
    here = Plain({}, 0, 0, has_attachment=False)
    for name in ("work", "home"):
        account_id = add_account(tx, name)
        mailbox.add(tx, account_id, "Plans")
        boxes += [
            (box.id, replace(here, mailbox=box.path, role=box.role.value, account=name))
            for box in mailbox.of_account(tx, account_id)
        ]
    (hidden, _) = boxes[-1]
    mailbox.set_hidden(tx, hidden, hidden=True)
    rows = []
    for box_id, box in boxes:
        made = [
            _message(chance, len(rows) * 100 + number) for number in range(chance.randint(3, 25))
        ]
        ids = put(tx, box_id, [octets for octets, _ in made], first_uid=None)
        for one, (_, texts) in zip(ids, made, strict=True):
            flags = Flag.NONE
            for flag in (Flag.SEEN, Flag.FLAGGED, Flag.ANSWERED, Flag.DRAFT, Flag.FORWARDED):
                flags |= flag if chance.random() < 0.25 else Flag.NONE
            placement.set_flags(tx, one, flags)
            tags = {name for name in ("todo", "$label5") if chance.random() < 0.15}
            placement.add_tags(tx, one, tags)
            row = replace(
                texts, id=one, mailbox=box.mailbox, role=box.role, account=box.account, flags=flags,
                tags=frozenset({"$label5": "later"}.get(tag, tag) for tag in tags),
            )  # fmt: skip
            if chance.random() < 0.1:
                placement.show(tx, [one], shown=False)
                continue
            rows += [row] if box_id != hidden else []
            if chance.random() < 0.1:
                other_id, other = chance.choice(boxes[:-1])
                twin = placement.copy(tx, one, other_id)
                rows.append(
                    replace(
                        row, id=twin, mailbox=other.mailbox, role=other.role, account=other.account
                    )
                )
    return rows


def _message(chance: random.Random, number: int) -> tuple[bytes, Plain]:
    sender = chance.choice(("Ann <ann@example.org>", "der Lunar Mond <moon@lunch.de>"))
    to = chance.choice(("Bob <bob@example.org>", "Lu <lu@the.of>", "\u6771 <east@example.org>"))
    copied = chance.choice(("", "", "Moon <m@c.de>"))
    file = chance.choice(("", "", "moon.pdf", "the of.txt"))
    texts = {"subject": _text(chance, 4), "body": _text(chance, 14), "files": file}
    date = dt.datetime(2026, 11, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=chance.randint(0, 9_000))
    made = EmailMessage()
    for name, value in {
        "From": sender,
        "To": to,
        "Cc": copied,
        "Subject": texts["subject"],
        "Date": format_datetime(date),
        "Message-ID": f"<{number}@example.org>",
    }.items():
        if value:
            made[name] = value
    made.set_content(texts["body"] + "\n")
    if file:
        octets = b"x" * chance.choice((1, 300))
        made.add_attachment(octets, maintype="application", subtype="octet-stream", filename=file)
    written = made.as_bytes(policy=policy.SMTP)
    texts |= {"sender": sender, "recipients": f"{to} {copied}"}
    date_s = int(date.timestamp())
    return written, Plain(texts, date_s, len(written), has_attachment=bool(file))


def _text(chance: random.Random, most: int) -> str:
    words = [chance.choice(WORDS) + chance.choice((" ", " ", ", ", ". ")) for _ in range(most)]
    return "".join(words[: chance.randint(0, most)]).strip()


def query(chance: random.Random, depth: int = 3) -> Asked:
    """Any query of the language."""
    made = [_part(chance, depth) for _ in range(chance.choice((1, 1, 2, 2, 3)))]
    if chance.random() < 0.25:
        return _either(made, chance.choice((" OR ", "  OR ")))
    return _all(made)


def _part(chance: random.Random, depth: int) -> Asked:
    if depth and chance.random() < 0.3:
        inner = query(chance, depth - 1)
        asked = Asked(f"({inner.text})", inner.holds)
    else:
        asked = chance.choice((_words, _words, _words, _state, _amount, _place))(chance)
    return _not(asked) if chance.random() < 0.25 else asked


def _all(parts: Sequence[Asked]) -> Asked:
    asked = [one.holds for one in parts if one.holds is not None]
    text = " ".join(one.text for one in parts)
    return Asked(text, (lambda row: all(one(row) for one in asked)) if asked else None)


def _either(parts: Sequence[Asked], between: str) -> Asked:
    asked = [one.holds for one in parts if one.holds is not None]
    text = between.join(one.text for one in parts)
    return Asked(text, (lambda row: any(one(row) for one in asked)) if asked else None)


def _not(asked: Asked) -> Asked:
    holds = asked.holds
    return Asked(f"-{asked.text}", None if holds is None else lambda row: not holds(row))


def _words(chance: random.Random) -> Asked:
    name = chance.choice(("", "", "", *COLUMNS))
    column = COLUMNS.get(name, "")
    before = f"{name}:" if name else ""
    kind = chance.choice(("word", "word", "phrase", "beginning", "nothing"))
    text = chance.choice(WORDS)
    if text == "OR" and not name:
        text = "moon"
    if kind == "nothing":
        return Asked(before + chance.choice(("...", "__", "-_-", '"! ?"', "_*")), None)
    if kind == "phrase":
        text = " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 4)))
        wanted = words_of(text)
        return Asked(f'{before}"{text}"', lambda row: _stand(row, column, wanted))
    if kind == "beginning":
        if chance.random() < 0.3:
            text = f"{chance.choice(WORDS)}.{text}"
        text = text[: chance.randint(1, len(text))] if "." not in text else text
        wanted = words_of(text)
        if not wanted:
            return Asked(f"{before}{text}*", None)
        return Asked(f"{before}{text}*", lambda row: _begin(row, column, wanted))
    wanted = words_of(text)
    return Asked(before + text, lambda row: _stand(row, column, wanted))


def _stand(row: Plain, column: str, wanted: list[str]) -> bool:
    return any(_within(words, wanted, whole=True) for words in row.words(column))


def _begin(row: Plain, column: str, wanted: list[str]) -> bool:
    *before, last = wanted
    is_short = len(last) <= 2 and not _SPACELESS.fullmatch(last)
    if before and is_short:  # the order counts from the third letter on
        begins = any(_within(words, [last], whole=False) for words in row.words(column))
        return begins and _stand(row, column, before)
    return any(_within(words, wanted, whole=False) for words in row.words(column))


def _within(words: list[str], wanted: list[str], *, whole: bool) -> bool:
    for start in range(len(words) - len(wanted) + 1):
        *before, last = words[start : start + len(wanted)]
        if before == wanted[:-1] and (last == wanted[-1] if whole else last.startswith(wanted[-1])):
            return True
    return False


def _state(chance: random.Random) -> Asked:
    if chance.random() < 0.2:
        return Asked("has:attachment", lambda row: row.has_attachment)
    if chance.random() < 0.25:
        tag = chance.choice(("todo", "Later", "none"))
        return Asked(f"tag:{tag}", lambda row: tag.lower() in row.tags)
    name = chance.choice(
        ("unread", "read", "seen", "answered", "flagged", "starred", "draft", "forwarded", "READ")
    )
    flag = {
        "answered": Flag.ANSWERED, "flagged": Flag.FLAGGED, "starred": Flag.FLAGGED,
        "draft": Flag.DRAFT, "forwarded": Flag.FORWARDED,
    }.get(name)  # fmt: skip
    if flag is not None:
        return Asked(f"is:{name}", lambda row: flag in row.flags)
    unread = name == "unread"
    return Asked(f"is:{name}", lambda row: (Flag.SEEN not in row.flags) == unread)


def _amount(chance: random.Random) -> Asked:
    if chance.random() < 0.5:
        day = dt.date(2026, 11, 1) + dt.timedelta(days=chance.randint(-1, 8))
        if chance.random() < 0.1:
            day = chance.choice((dt.date(1, 1, 1), dt.date(1969, 7, 20), dt.date(9999, 12, 31)))
        if chance.random() < 0.5:
            return Asked(f"before:{day}", lambda row: _day(row) < day)
        return Asked(f"after:{day}", lambda row: _day(row) >= day)
    unit = chance.choice(("", "", "k", "M"))
    number = chance.choice((0, 1, 2, 300, 400, 450, 500, 700, 10**19))
    size = number * _UNITS[unit]
    if chance.random() < 0.5:
        return Asked(f"larger:{number}{unit}", lambda row: row.size > size)
    return Asked(f"smaller:{number}{unit}", lambda row: row.size < size)


def _day(row: Plain) -> dt.date:
    return dt.datetime.fromtimestamp(row.date_s, tz=dt.UTC).astimezone().date()


def _place(chance: random.Random) -> Asked:
    if chance.random() < 0.3:
        name = chance.choice(("work", "HOME", "work@example.org", "nobody"))
        return Asked(
            f"account:{name}",
            lambda row: name.lower() in {row.account, f"{row.account}@example.org"},
        )
    name = chance.choice(("inbox", "Sent", "Plans", "trash", "nowhere"))
    return Asked(f"in:{name}", lambda row: name.lower() in {row.mailbox.lower(), row.role})
