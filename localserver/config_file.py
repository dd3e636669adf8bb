"""The TOML file of the server: read with every mistake named by its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from localserver.config import DEFAULT_PORTS, STANDARD_PORTS, Config, Limits

if TYPE_CHECKING:
    from collections.abc import Callable


class ConfigError(Exception):
    """The configuration cannot be used; `str(error)` is one sentence that says where."""


# Keys of the file that are not simply a field of `Config`.
_TABLES: Final = frozenset({"listen", "limits", "aliases", "tokens", "filter"})
_SIMPLE: Final[dict[str, tuple[type, ...]]] = {
    "data": (str,), "host": (str,), "domain": (str,), "domains": (list,), "catch_all": (str,),
    "without": (list,), "plaintext_login": (bool,), "relay": (str,), "strict": (bool,),
    "max_message_octets": (int,), "quota_octets": (int,), "certificate": (str,), "key": (str,),
    "standard_ports": (bool,), "client_ca": (str,), "anonymous": (str,),
}  # fmt: skip
_TOKEN = re.compile(r"[!-~]+")
_RELAY = re.compile(r"capture|mx|smarthost=(?:\[[0-9A-Fa-f:]+\]|[^:\s]+):(?P<port>[0-9]{1,5})")


def read_config(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: It cannot be read; the sentence names file and line.
    """
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}.") from error
    return _Reader(path, text).config(document)


class _Reader:
    """Turns the document into values, knowing where each key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def config(self, document: dict[str, Any]) -> Config:
        for key, value in document.items():
            if key in _TABLES:
                continue
            if key not in _SIMPLE:
                raise self._error(key, f"{key!r} is not known")
            self._expect(key, value, _SIMPLE[key])
        values: dict[str, Any] = {key: value for key, value in document.items() if key in _SIMPLE}
        standard = values.pop("standard_ports", False)
        for key, convert in _CONVERTED.items():
            if key in values:
                values[key] = convert(values[key])
        values["listen"] = self._listen(document.get("listen", {}), standard=standard)
        values["limits"] = self._limits(document.get("limits", {}))
        values["aliases"] = self._aliases(document.get("aliases", {}))
        values["tokens"] = self._tokens(document.get("tokens", {}))
        values["filters"] = self._filters(document.get("filter", []))
        self._check(values)
        return Config(**values)

    def _check(self, values: dict[str, Any]) -> None:
        relay = _RELAY.fullmatch(values.get("relay", "capture"))
        if relay is None or not 0 < int(relay["port"] or 1) < 65536:
            raise self._error("relay", "relay is capture, mx or smarthost=HOST:PORT")
        if values.get("key") and not values.get("certificate"):
            raise self._error("key", "key needs certificate")
        for name in ("max_message_octets", "quota_octets"):
            if values.get(name, 1) < 1:
                raise self._error(name, f"{name} is at least 1")

    def _listen(self, table: object, *, standard: bool) -> dict[str, int]:
        ports = dict(STANDARD_PORTS if standard else DEFAULT_PORTS)
        for name, port in self._table("listen", table).items():
            if name not in DEFAULT_PORTS:
                raise self._error(name, f"{name!r} is no protocol of this server")
            if port is False:
                del ports[name]
                continue
            self._expect(name, port, (int,))
            if not 0 <= port <= 65535:
                raise self._error(name, f"{name} takes a port between 0 and 65535")
            ports[name] = port
        return ports

    def _limits(self, table: object) -> Limits:
        known = {each.name: str(each.type) for each in fields(Limits)}
        values: dict[str, Any] = {}
        for name, value in self._table("limits", table).items():
            if name not in known:
                raise self._error(name, f"{name!r} is no limit")
            self._expect(name, value, (int, float) if known[name] == "float" else (int,))
            if value <= 0:
                raise self._error(name, f"{name} is more than 0")
            values[name] = float(value) if known[name] == "float" else value
        return Limits(**values)

    def _aliases(self, table: object) -> dict[str, tuple[str, ...]]:
        aliases = {}
        for name, value in self._table("aliases", table).items():
            targets = [value] if isinstance(value, str) else value
            if not isinstance(targets, list) or not all(isinstance(t, str) for t in targets):
                raise self._error(name, f"the alias {name!r} takes a name or a list of names")
            aliases[name.lower()] = tuple(targets)
        return aliases

    def _tokens(self, table: object) -> dict[str, str]:
        tokens: dict[str, str] = {}
        for user, value in self._table("tokens", table).items():
            given = [value] if isinstance(value, str) else value
            if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
                raise self._error(user, f"the user {user!r} takes a token or a list of tokens")
            if not all(_TOKEN.fullmatch(each) for each in given):
                raise self._error(user, "a token has visible ASCII characters only")
            tokens.update(dict.fromkeys(given, user))
        return tokens

    def _filters(self, tables: object) -> tuple[dict[str, object], ...]:
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self._error("filter", "filters are [[filter]] tables")
        return tuple(tables)

    def _table(self, key: str, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._error(key, f"{key} is a table: [{key}]")
        return value

    def _expect(self, key: str, value: object, kinds: tuple[type, ...]) -> None:
        fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        if fits and kinds == (list,):
            fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not fits:
            names = {str: "text", list: "a list of texts", bool: "true or false", int: "a number"}
            raise self._error(key, f"{key} takes {names.get(kinds[0], 'another value')}")

    def _error(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self._path}, line {self._line(key)}: {problem}.")

    def _line(self, key: str) -> int:
        pattern = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(key)}["']?\s*(?:=|\])""")
        found = (n for n, line in enumerate(self._lines, 1) if pattern.match(line))
        return next(found, 1)


_CONVERTED: Final[dict[str, Callable[[Any], object]]] = {
    "data": Path,
    "certificate": Path,
    "key": Path,
    "client_ca": Path,
    "domains": frozenset,
    "without": lambda names: frozenset(name.upper() for name in names),
}
