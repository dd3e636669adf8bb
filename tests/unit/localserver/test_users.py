"""Names, addresses, and what happens after wrong passwords."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desktopmail.net.ports import SystemEntropy
from localserver.config import Config
from localserver.credentials import MemoryCredentials
from localserver.users import User, UserError, Users, check_name


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def users(clock: FakeClock | None = None, **config: object) -> Users:
    known = {name: f"{name}-secret" for name in ("alice", "bob")}
    secrets = MemoryCredentials(SystemEntropy(), known)
    chosen = Config(domain="mail.test", **config)  # type: ignore[arg-type]
    return Users(chosen, secrets, clock or FakeClock(), decoy_key=b"k")


@pytest.mark.parametrize(
    "name", ["alice", "ALICE", "alice@mail.test", "Alice@MAIL.test", "alice@localhost", " alice "]
)
def test_every_form_of_a_name_is_one_user(name: str) -> None:
    assert users().find(name) == User("alice", "alice@mail.test")


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("alice@mail.test", ["alice"]), ("ALICE@mail.test", ["alice"]), ("alice", ["alice"]),
        ('"alice"@mail.test', ["alice"]), ("alice+list@mail.test", ["alice"]),
        ("team@mail.test", ["alice", "bob"]), ("nested@mail.test", ["alice", "bob"]),
        ("loop@mail.test", []), ("postmaster@mail.test", ["alice"]), ("postmaster", ["alice"]),
        ("nobody@mail.test", []), ("alice@elsewhere.test", []), ("+x@mail.test", []),
    ],
)  # fmt: skip
def test_addresses_lead_to_users(address: str, names: list[str]) -> None:
    aliases = {"team": ("alice", "bob@mail.test"), "nested": ("team",), "loop": ("loop",)}
    assert [user.name for user in users(aliases=aliases).resolve(address)] == names


def test_a_catch_all_takes_what_nobody_else_does_and_nothing_foreign() -> None:
    everyone = users(catch_all="bob")
    assert [user.name for user in everyone.resolve("nobody@mail.test")] == ["bob"]
    assert everyone.resolve("nobody@elsewhere.test") == []


async def test_a_right_password_logs_in_and_is_told() -> None:
    everyone = users()
    told: list[tuple[str, str]] = []
    everyone.on_login(lambda peer, user: told.append((peer, user.name)))
    user = await everyone.verify("alice@mail.test", "alice-secret", peer="192.0.2.1:5")
    assert user is not None
    assert told == [("192.0.2.1:5", "alice")]


async def test_wrong_passwords_cost_more_and_more_time() -> None:
    clock = FakeClock()
    everyone = users(clock)
    for _ in range(4):
        assert await everyone.verify("alice", "wrong", peer="192.0.2.1:5") is None
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]
    assert await everyone.verify("bob", "wrong", peer="192.0.2.1:5") is None
    assert clock.slept[-1] == 0.5


async def test_after_twenty_failures_even_the_right_password_is_refused_for_a_while() -> None:
    clock = FakeClock()
    everyone = users(clock)
    for _ in range(20):
        await everyone.verify("alice", "wrong", peer="192.0.2.1:5")
    assert await everyone.verify("alice", "alice-secret", peer="192.0.2.1:6") is None
    assert await everyone.settle("alice", True, peer="192.0.2.1:6") is None
    assert await everyone.verify("alice", "alice-secret", peer="198.51.100.7:6") is not None
    clock.time = 601.0
    assert await everyone.verify("alice", "alice-secret", peer="192.0.2.1:6") is not None


async def test_unknown_users_and_foreign_domains_are_just_wrong() -> None:
    everyone = users()
    assert await everyone.verify("nobody", "x") is None
    assert await everyone.verify("alice@elsewhere.test", "alice-secret") is None
    assert everyone.secret("alice@elsewhere.test") is None
    assert everyone.scram("nobody", "sha256") is None


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "a@b", ".a", "a..b", "x" * 65, "a\0"])
def test_names_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(UserError):
        check_name(name)


@pytest.mark.parametrize("password", ["", "a\nb", "a\0b"])
async def test_passwords_that_cannot_be_are_refused(password: str) -> None:
    with pytest.raises(UserError):
        await users().put("carol", password)


async def test_users_are_added_and_removed() -> None:
    everyone = users()
    assert (await everyone.put("Carol@mail.test", "x")).name == "carol"
    await everyone.remove("carol")
    with pytest.raises(UserError):
        await everyone.remove("carol")
    with pytest.raises(UserError):
        await everyone.put("x@elsewhere.test", "y")


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"catch_all": "nobody"}, "catch-all user 'nobody'"),
        ({"catch_all": "alice@elsewhere.test"}, "catch-all user 'alice@elsewhere.test'"),
        ({"anonymous": "guest"}, "anonymous user 'guest'"),
        ({"aliases": {"team": ("alice", "carol")}}, "alias 'team' leads to 'carol'"),
        ({"aliases": {"team": ("x@elsewhere.test",)}}, "alias 'team' leads to 'x@elsewhere.test'"),
        ({"aliases": {"loop": ("loop",)}}, "alias 'loop' leads to 'loop'"),
    ],
)
def test_a_configuration_that_names_nobody_is_refused(
    config: dict[str, object], named: str
) -> None:
    with pytest.raises(UserError, match=named) as refused:
        users(**config).check_configured()
    assert "localserver user add" in str(refused.value)


def test_a_configuration_may_name_users_in_any_form_and_aliases() -> None:
    people = users(
        catch_all="Team@mail.test", anonymous="bob", aliases={"team": ("ALICE", "bob@localhost")}
    )
    people.check_configured()
    assert [user.name for user in people.resolve("whoever@mail.test")] == ["alice", "bob"]
