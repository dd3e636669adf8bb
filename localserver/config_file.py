"""The TOML file of the server: read with every mistake named by its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from desktopmail.net.ports import system_ports
from localserver.config import DEFAULT_PORTS, STANDARD_PORTS, Config, Limits, is_domain
from localserver.config_lines import ConfigLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


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
KEYS: Final = _TABLES | _SIMPLE.keys()
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
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}. Check its name and rights."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}.") from error
    return _Reader(path, text).config(document)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


class _Reader:
    """Turns the document into values, knowing where each key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = ConfigLines(text)

    def config(self, document: dict[str, Any]) -> Config:
        for key, value in document.items():
            if key in _TABLES:
                continue
            if key not in _SIMPLE:
                raise self._error(f"{key!r} is not known; there are {_listed(KEYS)}", key)
            self._expect(value, _SIMPLE[key], key)
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
            raise self._error("relay is capture, mx or smarthost=HOST:PORT", "relay")
        if values.get("key") and not values.get("certificate"):
            raise self._error("key needs certificate", "key")
        for name in ("max_message_octets", "quota_octets"):
            if values.get(name, 1) < 1:
                raise self._error(f"{name} is at least 1", name)
        for name in ("domain", "domains"):
            given = values.get(name, ())
            for each in [given] if isinstance(given, str) else sorted(given):
                if not is_domain(each):
                    raise self._error(f"{each!r} is no domain, as in example.org", name)
        if "without" in values:
            self._check_capabilities(values["without"])

    def _check_capabilities(self, names: frozenset[str]) -> None:
        from localserver.capabilities import unknown  # the sessions of all protocols: see `serve`

        if wrong := unknown(names):
            raise self._error(f"{wrong[0]} is no capability that could be switched off", "without")

    def _listen(self, table: object, *, standard: bool) -> dict[str, int]:
        ports = dict(STANDARD_PORTS if standard else DEFAULT_PORTS)
        for name, port in self._table("listen", table).items():
            where = "listen", name
            if name not in DEFAULT_PORTS:
                known = ", ".join(DEFAULT_PORTS)
                raise self._error(
                    f"{name!r} is no protocol of this server; there are {known}", *where
                )
            if port is False:
                del ports[name]
                continue
            self._expect(port, (int,), *where)
            if not 0 <= port <= 65535:
                raise self._error(f"{name} takes a port between 0 and 65535", *where)
            ports[name] = port
        return ports

    def _limits(self, table: object) -> Limits:
        known = {each.name: str(each.type) for each in fields(Limits)}
        values: dict[str, Any] = {}
        for name, value in self._table("limits", table).items():
            where = "limits", name
            if name not in known:
                raise self._error(f"{name!r} is no limit; there are {_listed(known)}", *where)
            self._expect(value, (int, float) if known[name] == "float" else (int,), *where)
            if not value > 0:
                raise self._error(f"{name} is more than 0", *where)
            values[name] = float(value) if known[name] == "float" else value
        return Limits(**values)

    def _aliases(self, table: object) -> dict[str, tuple[str, ...]]:
        aliases = {}
        for name, value in self._table("aliases", table).items():
            targets = [value] if isinstance(value, str) else value
            if not isinstance(targets, list) or not all(isinstance(t, str) for t in targets):
                problem = f"the alias {name!r} takes a name or a list of names"
                raise self._error(problem, "aliases", name)
            aliases[name.lower()] = tuple(targets)
        return aliases

    def _tokens(self, table: object) -> dict[str, str]:
        tokens: dict[str, str] = {}
        for user, value in self._table("tokens", table).items():
            where = "tokens", user
            given = [value] if isinstance(value, str) else value
            if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
                raise self._error(f"the user {user!r} takes a token or a list of tokens", *where)
            if not all(_TOKEN.fullmatch(each) for each in given):
                raise self._error("a token has visible ASCII characters only", *where)
            tokens.update(dict.fromkeys(given, user))
        return tokens

    def _filters(self, tables: object) -> tuple[dict[str, object], ...]:
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self._error("filters are [[filter]] tables", "filter")
        if tables:
            from localserver.submission.filters import FilterError, make_filters  # and their rules

            try:
                make_filters(tables, system_ports())
            except FilterError as error:
                where = "filter", error.number - 1, error.key
                raise self._error(error.problem, *where) from error
        return tuple(tables)

    def _table(self, key: str, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._error(f"{key} is a table: [{key}]", key)
        return value

    def _expect(self, value: object, kinds: tuple[type, ...], *where: str) -> None:
        fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        if fits and kinds == (list,):
            fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not fits:
            names = {str: "text", list: "a list of texts", bool: "true or false", int: "a number"}
            raise self._error(f"{where[-1]} takes {names.get(kinds[0], 'another value')}", *where)

    def _error(self, problem: str, *where: str | int) -> ConfigError:
        return ConfigError(f"{self._path}, line {self._lines.line(*where)}: {problem}.")


_CONVERTED: Final[dict[str, Callable[[Any], object]]] = {
    "data": Path,
    "certificate": Path,
    "key": Path,
    "client_ca": Path,
    "domains": frozenset,
    "without": lambda names: frozenset(name.upper() for name in names),
}
