"""Secrets in memory, and layers."""

from __future__ import annotations

import pytest

from desktopmail.net.ports import SystemEntropy
from desktopmail.wire.sasl.scram import make_verifier
from desktopmail.wire.secret import Secret
from localserver.credentials import LayeredCredentials, MemoryCredentials, prepared
from localserver.users import UserError


def memory(**passwords: str) -> MemoryCredentials:
    return MemoryCredentials(SystemEntropy(), passwords)


async def test_passwords_are_compared_as_saslprep_prepares_them() -> None:
    secrets = memory(alice="pass\u00e9")
    assert await secrets.check("alice", "passe\u0301")
    assert not await secrets.check("alice", "passe")
    assert not await secrets.check("nobody", "nobody has this one")
    assert prepared("\x00odd") == "\x00odd"


async def test_verifiers_prove_the_password_and_follow_its_change() -> None:
    secrets = memory(alice="one")
    first = secrets.verifier("alice", "sha256")
    assert first is not None
    assert secrets.verifier("alice", "sha256") is first
    again = make_verifier(Secret("one"), "sha256", first.salt, first.iterations)
    assert again == first
    await secrets.put("alice", "two")
    assert secrets.verifier("alice", "sha256") != first
    assert secrets.verifier("nobody", "sha256") is None


async def test_a_limit_is_kept_for_the_run_and_goes_with_the_user() -> None:
    secrets = memory(alice="one")
    await secrets.set_quota("alice", 100)
    assert secrets.quota_octets("alice") == 100
    await secrets.set_quota("alice", None)
    assert secrets.quota_octets("alice") is None
    await secrets.set_quota("alice", 100)
    await secrets.remove("alice")
    assert secrets.quota_octets("alice") is None
    assert not secrets.is_kept("alice")
    for refused in (secrets.make_application_password, secrets.remove_application_password):
        with pytest.raises(UserError, match="named for this run"):
            await refused("alice")


async def test_a_reset_returns_to_the_users_of_the_start() -> None:
    secrets = memory(alice="one", bob="b")
    await secrets.put("alice", "two")
    await secrets.put("carol", "c")
    await secrets.remove("bob")
    await secrets.set_quota("alice", 9)
    secrets.verifier("alice", "sha256")
    LayeredCredentials([secrets]).reset()
    assert secrets.names() == ["alice", "bob"]
    assert await secrets.check("alice", "one")
    assert secrets.quota_octets("alice") is None
    again = secrets.verifier("alice", "sha256")
    assert again is not None
    assert again == make_verifier(Secret("one"), "sha256", again.salt, again.iterations)


class Counting(MemoryCredentials):
    """Counts how often a password was checked."""

    checks = 0

    async def check(self, name: str, password: str) -> bool:
        self.checks += 1
        return await super().check(name, password)


async def test_a_wrong_password_costs_the_same_in_each_layer_and_for_nobody() -> None:
    bottom = Counting(SystemEntropy(), {"bob": "b"})
    layers = LayeredCredentials([memory(alice="top"), bottom])
    for count, name in enumerate(["alice", "bob", "nobody"], 1):
        assert not await layers.check(name, "wrong")
        assert bottom.checks == count, name
    assert await layers.check("alice", "top")
    assert bottom.checks == 3  # a right one tells nothing, and need not wait


async def test_the_first_layer_that_has_a_name_answers_and_the_last_takes_new_ones() -> None:
    top, bottom = memory(alice="top"), memory(alice="bottom", bob="b")
    layers = LayeredCredentials([top, bottom])
    assert layers.names() == ["alice", "bob"]
    assert await layers.check("alice", "top")
    assert not await layers.check("alice", "bottom")
    assert await layers.check("bob", "b")
    await layers.put("carol", "c")
    assert bottom.has("carol")
    assert layers.recoverable("carol") == b"c"
    await layers.remove("alice")
    assert await layers.check("alice", "bottom")
