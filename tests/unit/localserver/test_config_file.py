"""The TOML file, and mistakes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver.config_file import ConfigError, read_config

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
data = "/srv/mail"
domain = "mail.test"
client_ca = "clients.pem"
anonymous = "guest"
without = ["idle"]
relay = "smarthost=[::1]:25"
[listen]
imap = 0
pop3 = false
[limits]
login_s = 5
sessions = 10
[tokens]
alice = ["ya29.a", "ya29.b"]
bob = "ya29.c"
[aliases]
team = ["alice", "bob"]
root = "alice"
[[filter]]
kind = "rate"
"""


def test_everything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text(WHOLE)
    config = read_config(path)
    assert str(config.data) == "/srv/mail"
    assert config.without == {"IDLE"}
    assert config.listen["imap"] == 0
    assert "pop3" not in config.listen
    assert config.limits.login_s == 5.0
    assert config.aliases == {"team": ("alice", "bob"), "root": ("alice",)}
    assert config.tokens == {"ya29.a": "alice", "ya29.b": "alice", "ya29.c": "bob"}
    assert str(config.client_ca) == "clients.pem"
    assert config.anonymous == "guest"
    assert config.filters == ({"kind": "rate"},)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("\nnonsense = 1", 2, "'nonsense' is not known; there are aliases, anonymous, "),
        ("domain = 5", 1, "domain takes text"),
        ('strict = "yes"', 1, "strict takes true or false"),
        ("quota_octets = true", 1, "quota_octets takes a number"),
        ('without = "IDLE"', 1, "without takes a list"),
        ("[listen]\n\nsmtp = 70000", 3, "port between"),
        ("[listen]\ngopher = 70", 2, "'gopher' is no protocol of this server; there are smtp, "),
        ("[limits]\nsessions = 0", 2, "more than 0"),
        ("[limits]\nx = 1", 2, "'x' is no limit; there are command_s, failures, "),
        ('relay = "pigeon"', 1, "relay is capture"),
        ('key = "k.pem"', 1, "key needs certificate"),
        ("[aliases]\na = 1", 2, "the alias 'a'"),
        ("[tokens]\na = 1", 2, "the user 'a'"),
        ("[tokens]\na = 'with space'", 2, "visible"),
        ("listen = 5", 1, "listen is a table"),
        ('[tokens]\nsessions = "a"\n[limits]\nsessions = "x"', 4, "sessions takes a number"),
        ("limits = { sessions = -1 }", 1, "more than 0"),
        ("\nlimits.login_s = nan", 2, "more than 0"),
        ('\ndomain = "a b"', 2, "'a b' is no domain"),
        ('domains = [\n  "ok.test",\n  "a b",\n]', 1, "'a b' is no domain"),
        ('strict = true\nwithout = ["NOISE"]', 2, "NOISE is no capability"),
        ('[[filter]]\nkind = "rate"\n[[filter]]\nkind = "spma"', 4, "kind 'spma' is none of"),
        ('[[filter]]\nkind = "spam"\n\naction = "rejct"', 4, "action 'rejct' is none of reject"),
        ('[[filter]]\nkind = "rate"\nmost = "x"', 3, "most takes a number"),
        ('[[filter]]\nkind = "rate"\nmost = 1.5', 3, "most is a whole number"),
        ('[[filter]]\nkind = "spam"\nthreshold = "high"', 3, "threshold takes a number"),
        ('[[filter]]\nkind = "match"\npattern = "("', 3, "pattern is no regular expression"),
        ('[[filter]]\nkind = "command"', 1, "command is a list"),
        ('[[filter]]\nkind = "command"\ncommand = ["/no/prog"]', 3, "no program: /no/prog"),
        ('[[filter]]\nkind = "spam"\nmailbox = ""', 3, "mailbox '' cannot be one"),
        ('[[filter]]\naction = "tag"', 1, "kind '' is none of"),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "server.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("octets", [b"a = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "server.toml"
    path.write_bytes(octets)
    with pytest.raises(ConfigError, match=r"server\.toml"):
        read_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "missing")
