"""Mail for elsewhere that was kept."""

from __future__ import annotations

from datetime import UTC, datetime

from desktopmail.net.ports import system_ports
from localserver.changes import Changes
from localserver.store.captured import CapturedMail
from localserver.store.database import open_database
from localserver.store.schema import CAPTURED


async def test_messages_are_numbered_and_numbers_never_come_again() -> None:
    mail = CapturedMail(await open_database(None, CAPTURED, system_ports().executor), Changes())
    now = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    first = await mail.add("", ["a@x.test"], b"\0\xff", now)
    assert first == mail.all()[0]
    assert first.arrived.microsecond == 0
    await mail.clear()
    second = await mail.add("b@x.test", [], b"", now)
    assert second.number == first.number + 1
    await mail.aclose()
