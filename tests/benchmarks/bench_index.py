"""Parse, store and index against notmuch, on the same Maildir; search; what grows and how."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.commands import ImportMessages
from desktopmail.door.ids import AccountId
from desktopmail.door.rows import Kind, Role, View
from tests.benchmarks import maildir
from tests.benchmarks.corpus import chinese, messages, vocabulary
from tests.benchmarks.engine import running, settings
from tests.benchmarks.peer import program
from tests.benchmarks.queries import prepare, queries
from tests.benchmarks.ratio import Ratio

if TYPE_CHECKING:
    from desktopmail.door.reader import SqliteReader

# The issue asks for 100,000 of 3 KB, and for 1,000,000 of them: `BENCH_SCALE=1` takes the first.
SCALE = float(os.environ.get("BENCH_SCALE", "0.2"))
_MEAN_OCTETS = 3_000
_QUERIES = 100
_MEMORY_OCTETS = 150_000_000


def measure() -> list[Ratio]:
    """Import a Maildir, search it, and import a tenth of it for comparison."""
    notmuch = program("notmuch")
    count = int(100_000 * SCALE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        octets = maildir.write(folder / "mail", messages(count, mean_octets=_MEAN_OCTETS))
        tenth = messages(count // 10, mean_octets=_MEAN_OCTETS, seed=2)
        both = octets + maildir.write(folder / "tenth", tenth)
        maildir.write(folder / "chinese", chinese(count // 20))
        peer_s = _notmuch(notmuch, folder)
        ours, p99 = asyncio.run(_ours(folder))
    return [
        Ratio(
            f"parse, store and index of {count} messages", ours["all"], peer_s, "notmuch", "s",
            0.25, at_least=False,
        ),
        *(
            Ratio(
                f"newest 50 hits in {count + count // 10}, 99 of 100 queries: {kind}", seconds,
                0.01, "ten milliseconds", "s", 1.0, at_least=False,
            )
            for kind, seconds in p99.items()
        ),
        Ratio(
            f"the store of {count + count // 10} messages of 3 KB", ours["stored"], both,
            "their octets", "B", 1.5, at_least=False,
        ),
        Ratio(
            "memory of the engine at its most", ours["memory"], _MEMORY_OCTETS, "150 MB", "B", 1.0,
            at_least=False,
        ),
        Ratio(
            f"time for each of {count} messages", ours["all"] / count,
            ours["tenth"] / (count // 10), f"each of {count // 10}", "s", 1.5, at_least=False,
        ),
    ]  # fmt: skip


def _notmuch(notmuch: str, folder: Path) -> float:
    (folder / "config").write_text(
        f"[database]\npath={folder}/mail\n[user]\nname=A\nprimary_email=a@b.example\n"
        "[new]\ntags=inbox\nignore=\n[search]\nexclude_tags=\n[maildir]\nsynchronize_flags=false\n"
    )
    begin = time.perf_counter()
    subprocess.run(
        [notmuch, "new", "--quiet"],
        env={**os.environ, "NOTMUCH_CONFIG": str(folder / "config")},
        check=True,
        timeout=900,
    )
    return time.perf_counter() - begin


async def _ours(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    async with running(folder) as engine:
        # By POP3 from where nobody answers: an account with an Inbox that exists here alone.
        account_id = AccountId(await engine.add(settings(folder, 9, "none"), Kind.POP3))
        (inbox,) = [box.id for box in engine.reader.mailboxes() if box.role is Role.INBOX]
        times = {}
        for what, name in (("tenth", "tenth"), ("all", "mail")):
            begin = time.perf_counter()
            await engine.session.door.command(
                ImportMessages(path=str(folder / name), mailbox_id=inbox)
            )
            times[what] = time.perf_counter() - begin
        times["memory"] = await engine.peak_memory()
        times["stored"] = engine.stored()
        await engine.session.door.command(
            ImportMessages(path=str(folder / "chinese"), mailbox_id=inbox)
        )
        await prepare(engine, account_id, inbox)
        return times, p99_by_kind(engine.reader)


def p99_by_kind(reader: SqliteReader) -> dict[str, float]:
    """How long 99 of 100 queries of each kind take at the most, seeded."""
    reader.window(View(query="the"), 0, 50)  # the language is imported with the first search
    chance = random.Random(20261125)
    words, often = vocabulary()
    taken: dict[str, list[float]] = {}
    for number in range(_QUERIES):
        one, two = chance.choices(words, cum_weights=often, k=2)
        for kind, query in queries(one, two, number).items():
            begin = time.process_time()  # a query waits for nothing, and others' work is not its
            reader.window(View(query=query), 0, 50)
            taken.setdefault(kind, []).append(time.process_time() - begin)
    return {kind: sorted(times)[_QUERIES * 99 // 100 - 1] for kind, times in taken.items()}
