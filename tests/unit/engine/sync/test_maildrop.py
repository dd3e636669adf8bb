"""What a POP3 server lists names what it may, and no more."""

from __future__ import annotations

from desktopmail.engine.sync import maildrop


class Listing:
    """A server's client that lists what a test says."""

    def __init__(self, sizes: dict[int, int], uidls: dict[int, str]) -> None:
        self._answer = (sizes, uidls)

    async def listing_and_uidl(self) -> tuple[dict[int, int], dict[int, str]]:
        return self._answer


async def test_an_empty_or_doubled_uidl_names_nothing() -> None:
    client = Listing({1: 10, 2: 10, 3: 10, 4: 10}, {1: "a", 2: "b", 3: "b", 4: ""})
    found = await maildrop.look(client)  # type: ignore[arg-type]
    assert found.uidls == {1: "a"}


async def test_a_message_without_an_id_is_named_by_what_is_listed_of_it() -> None:
    client = Listing({1: 10, 2: 20}, {1: "a", 2: ""})
    found = await maildrop.look(client)  # type: ignore[arg-type]
    assert [found.name(1), found.name(2)] == ["a", "2 of 20 octets"]
