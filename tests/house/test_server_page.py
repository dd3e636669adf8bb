"""The page about the server tells every key and default, and what it shows works as printed."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from localserver.cli.program import run
from localserver.config import Limits
from localserver.config_file import KEYS, read_config
from localserver.local import LocalServer
from localserver.pytest_plugin import USERS
from localserver.submission import filters

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "server.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`[^|]+?) \| ([^\n]+) \|$", re.MULTILINE)
NAME = re.compile(r"`(\w+)`")


def rows() -> dict[str, str]:
    """Every name in the first column of a table, with what is said of it."""
    found = ROW.findall(PAGE.read_text("utf-8"))
    return {name: said for names, said in found for name in NAME.findall(names)}


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text("utf-8")) if kind == language]


def test_every_key_of_the_configuration_file_is_told() -> None:
    assert sorted(KEYS - rows().keys()) == []


def test_every_limit_is_told_with_its_default() -> None:
    told = rows()
    for each in fields(Limits):
        default = float(each.default)  # type: ignore[arg-type]  # every limit has a number
        shown = f"{default / (1 << 20):g} MiB" if default >= 1 << 20 else f"{default:g}"
        assert re.search(rf"\b{shown}\b", told[each.name]), each.name


def test_every_kind_and_key_of_filters_is_told() -> None:
    told = rows()
    for kind, own in filters.OWN_KEYS.items():
        assert sorted(key for key in own if f"`{key}`" not in told[kind]) == []
    assert sorted(filters.COMMON_KEYS - told.keys()) == []
    for action in filters.FilterAction:
        assert f"`{action.value}`" in told["action"]


def test_the_configuration_that_is_shown_is_in_order(tmp_path: Path) -> None:
    (text,) = blocks(PAGE, "toml")
    file = tmp_path / "server.toml"
    file.write_text(text, "utf-8")
    config = read_config(file)
    assert len(config.filters) == 2
    assert config.local_domains == {"example.org", "example.net", "localhost"}


def test_a_server_in_a_with_block_works_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    example, _, _ = blocks(PAGE, "python")
    exec(example, {})  # noqa: S102  what people copy
    assert "Hello frozenset({'\\\\Flagged'}) 1" in capsys.readouterr().out


def test_captured_mail_is_waited_for_as_shown() -> None:
    _, example, _ = blocks(PAGE, "python")
    shown: dict[str, object] = {}
    exec(example, shown)  # noqa: S102  what people copy
    with LocalServer(users=USERS) as server:
        shown["test_the_customer_gets_an_invoice"](server)  # type: ignore[operator]


def test_a_program_that_cannot_log_in_is_served_as_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, _, example = blocks(PAGE, "python")
    exec(example, {})  # noqa: S102  what people copy
    assert capsys.readouterr().out == "you@example.com\n"


def test_the_test_of_the_readme_works_as_shown() -> None:
    (example,) = blocks(ROOT / "README.md", "python")

    def my_program(to: str, *, smtp_host: str, smtp_port: int) -> None:
        import smtplib

        with smtplib.SMTP(smtp_host, smtp_port) as smtp:
            smtp.sendmail("me@x.test", to, "Subject: Welcome\r\n\r\nWelcome, Bob\r\n")

    shown: dict[str, object] = {"my_program": my_program}
    exec(example, shown)  # noqa: S102  what people copy
    with LocalServer(users=USERS) as server:
        shown["test_the_welcome_mail_is_sent"](server)  # type: ignore[operator]


@pytest.mark.parametrize("page", [PAGE, ROOT / "README.md"])
def test_the_commands_that_are_shown_have_these_options(
    page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = [line for text in blocks(page, "") for line in text.splitlines()]
    shown = [line for line in lines if line.startswith("localserver ")]
    assert shown
    for line in shown:
        words = shlex.split(line.partition("  #")[0])[1:]
        name = words[: 2 if words[0] in {"user", "queue", "snapshot"} else 1]
        assert run([*name, "--help"]) == 0, line
        known = capsys.readouterr().out
        for option in words:
            if option.startswith("--"):
                assert re.search(rf" {option} ", known), (line, option)
