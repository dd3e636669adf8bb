"""Folders of .eml files, with flags and dates in a file beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localserver.exchange.foreign import changed, date_of, with_crlf
from localserver.exchange.sidecar import flags_and_date, is_ours, read_sidecar, write_sidecar
from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def write_eml(folder: Path, messages: Iterable[ExchangedMessage]) -> int:
    """Write messages into a folder, which is made; returns how many.

    Raises:
        ExchangeError: There is something in it already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ExchangeError(f"{folder} is not empty.")
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[str, ExchangedMessage] = {}
    for count, message in enumerate(messages, 1):
        name = f"{count:08d}.eml"
        (folder / name).write_bytes(message.octets)
        known[name] = ExchangedMessage(b"", message.flags, message.internal_date)
    write_sidecar(folder, known)
    return len(known)


def read_eml(path: Path) -> Iterator[ExchangedMessage]:
    """Read one .eml file, or all of a folder by name.

    Raises:
        ExchangeError: There are none.
    """
    if not path.is_dir():
        yield _foreign(path)
        return
    paths = sorted(path.glob("*.eml"))
    known = read_sidecar(path)
    if not paths and not is_ours(path):
        raise ExchangeError(f"There are no .eml files in {path}.")
    for each in paths:
        if each.name in known:
            yield ExchangedMessage(each.read_bytes(), *flags_and_date(known[each.name]))
        else:
            yield _foreign(each)


def _foreign(path: Path) -> ExchangedMessage:
    octets = path.read_bytes()
    if not octets:
        raise ExchangeError(f"{path} is empty; there is no message in it.")
    octets = with_crlf(octets)
    return ExchangedMessage(octets, internal_date=date_of(octets) or changed(path))
