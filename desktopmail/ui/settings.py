"""The settings of the window, each declared once: its kind, its default, what it may be.

They are kept in `window.toml` in the profile; the dialogue and its search are built of `DECLARED`.
What cannot be read there is reported and replaced by the default, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Value = bool | int | str | list[str]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: Its key in the file; `setting.<name>` is its title, `setting.<name>_help` explains.
        section: Where it stands: `section.<section>`.
        default: What it is unless somebody changed it; tells its kind, too.
        choices: What it may be; empty: anything of its kind.
        low, high: The bounds of a number.
        hidden: Kept here, but not shown in the dialogue.
        of_accounts: A list of names of accounts: those that are unticked in the dialogue.
    """

    name: str
    section: str
    default: Value
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    hidden: bool = False
    of_accounts: bool = False


DECLARED: tuple[Setting, ...] = (
    Setting("theme", "look", "system", choices=("system", "light", "dark")),
    Setting("language", "look", "", choices=("", "en", "de")),
    Setting("list_style", "look", "cards", choices=("cards", "table")),
    Setting("density", "look", "comfortable", choices=("comfortable", "compact")),
    Setting("layout", "look", "wide", choices=("wide", "stacked")),
    Setting("threads", "look", default=False),
    Setting("sidebar", "look", default=True),
    Setting("menu_bar", "look", default=False),
    Setting("prefer_text", "reading", default=False),
    Setting("original_colours", "reading", default=False),
    Setting("fold_quotes", "reading", default=True),
    Setting("read_after_s", "reading", 2, low=-1, high=60),
    Setting("rich_text", "writing", default=True),
    Setting("send_delay_s", "writing", 10, low=0, high=120),
    Setting("save_draft_s", "writing", 4, low=1, high=60),
    Setting("remind_attachment", "writing", default=True),
    Setting("reply_below", "writing", default=False),
    Setting("remote_senders", "privacy", [], hidden=True),
    Setting("recent_searches", "privacy", [], hidden=True),
    Setting("notify", "notifications", default=True),
    Setting("notify_text", "notifications", "all", choices=("all", "sender", "count")),
    Setting("silent_accounts", "notifications", [], of_accounts=True),
    Setting("notify_sound", "notifications", default=False),
    Setting("tray", "notifications", default=False),
    Setting("shortcuts", "keys", [], hidden=True),
)

_BY_NAME = {setting.name: setting for setting in DECLARED}


class SettingsError(Exception):
    """The settings file cannot be used; the sentence says what to do."""


class Settings:
    """What a person chose, and the defaults for the rest.

    Args:
        file: Where it is kept, or None to keep nothing.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._values: dict[str, Value] = {}
        self._tried_on: dict[str, Value] = {}
        self._listeners: list[Callable[[str], None]] = []

    @classmethod
    def read(cls, file: Path | None) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: The file is there and cannot be read.
        """
        settings = cls(file)
        if file is None or not file.exists():
            return settings
        import tomllib

        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:  # a TOMLDecodeError is a ValueError
            raise SettingsError(
                f"The settings in {file} cannot be read ({error}); mend or remove that file."
            ) from error
        for name, value in table.items():
            setting = _BY_NAME.get(name)
            if setting is not None:
                settings._values[name] = _checked(setting, value, file)
        return settings

    @property
    def folder(self) -> Path | None:
        """The folder of the profile, or None where nothing is kept."""
        return self._file.parent if self._file is not None else None

    def get(self, name: str) -> Value:
        """Return a setting."""
        if name in self._tried_on:
            return self._tried_on[name]
        return self._values.get(name, _BY_NAME[name].default)

    def flag(self, name: str) -> bool:
        """Return a setting that is on or off."""
        return bool(self.get(name))

    def number(self, name: str) -> int:
        """Return a setting that is a number."""
        value = self.get(name)
        return value if isinstance(value, int) else 0

    def text(self, name: str) -> str:
        """Return a setting that is a text."""
        return str(self.get(name))

    def texts(self, name: str) -> list[str]:
        """Return a setting that is a list of texts."""
        value = self.get(name)
        return list(value) if isinstance(value, list) else []

    def set(self, name: str, value: Value) -> None:
        """Change a setting and keep it.

        Raises:
            ValueError: It may not be that.
            OSError: It could not be written.
        """
        setting = _BY_NAME[name]
        problem = _problem(setting, value)
        if problem:
            raise ValueError(f"{name}: {problem}")
        if value == self.get(name):
            return
        self._tried_on.pop(name, None)
        self._values[name] = value
        self._write()
        for listener in self._listeners:
            listener(name)

    def try_on(self, name: str, value: Value) -> None:
        """Have a setting be that in this run alone; nothing is kept."""
        self._tried_on[name] = value

    def subscribe(self, listener: Callable[[str], None]) -> None:
        """Have the names of changed settings told."""
        self._listeners.append(listener)

    def _write(self) -> None:
        if self._file is None:
            return
        import tomlkit  # 80 ms that a start can do without

        document = tomlkit.document()
        for name, value in sorted(self._values.items()):
            if value != _BY_NAME[name].default:
                document[name] = value
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Here and not in a thread, so that whoever chose is told when it cannot be kept: it takes
        # 1 ms, beside a writer that has the disk busy 27 at the most, once for what a person does.
        whole_file.replace(self._file, tomlkit.dumps(document).encode())


def _problem(setting: Setting, value: object) -> str:
    if type(value) is not type(setting.default):
        return f"{value!r} is not of the kind {type(setting.default).__name__}."
    if setting.choices and value not in setting.choices:
        return f"{value!r} is none of {', '.join(map(repr, setting.choices))}."
    bounded = setting.low != setting.high
    if bounded and isinstance(value, int) and not setting.low <= value <= setting.high:
        return f"{value} is not between {setting.low} and {setting.high}."
    return ""


def _checked(setting: Setting, value: Value, file: Path) -> Value:
    problem = _problem(setting, value)
    if problem:
        raise SettingsError(f"In {file}, {setting.name}: {problem}")
    return value
