"""Commands as a person would write them, without secrets: what fault plans and logs match."""

from __future__ import annotations

from typing import Any

from desktopmail.wire.imap.sequence import UidSet

_SHOWN_OCTETS = 500
_SECRET = frozenset({"password", "initial", "octets"})


def verb_of(command: object) -> str:
    """Return the verb of a command: `FETCH`, `UID FETCH`, `EXAMINE`."""
    name = getattr(command, "name", b"").decode("ascii", "replace")
    if getattr(command, "readonly", False) and name == "SELECT":
        return "EXAMINE"
    numbers = getattr(command, "numbers", None)
    uids = getattr(command, "uids", None)
    if isinstance(numbers, UidSet) or isinstance(uids, UidSet) or _is_uid_search(command):
        return f"UID {name}"
    return name


def argument_of(command: object) -> str:
    """Return the arguments of a command as one line, secrets and messages left out."""
    slots: dict[str, Any] = {}
    for kind in type(command).__mro__:
        for slot in getattr(kind, "__dataclass_fields__", {}):
            slots.setdefault(slot, getattr(command, slot, None))
    shown = [
        _text(value)
        for name, value in slots.items()
        if name not in _SECRET and value not in (None, (), frozenset(), False)
    ]
    return " ".join(shown)[:_SHOWN_OCTETS]


def _is_uid_search(command: object) -> bool:
    return getattr(command, "uid", False) is True


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, tuple | frozenset):
        return "(" + " ".join(sorted(_text(each) for each in value)) + ")"
    fields = getattr(value, "__dataclass_fields__", None)
    if fields and not hasattr(value, "ranges"):
        return argument_of(value)
    return str(getattr(value, "value", value))
