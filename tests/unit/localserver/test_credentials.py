"""Secrets in memory, and layers."""

from __future__ import annotations

from desktopmail.net.ports import SystemEntropy
from desktopmail.wire.sasl.scram import make_verifier
from desktopmail.wire.secret import Secret
from localserver.credentials import LayeredCredentials, MemoryCredentials, prepared


def memory(**passwords: str) -> MemoryCredentials:
    secrets = MemoryCredentials(SystemEntropy())
    for name, password in passwords.items():
        secrets.put_now(name, password)
    return secrets


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
