"""Where the engine of a profile is reached: at a Unix socket, or on loopback with a private token.

A socket can be kept for one user by its mode alone; in a folder that is open to others somebody
else may have made it, so both sides look at that. Where there is none, anybody on the machine can
connect to the port of an engine, and anybody may have the port of one that died: engine and client
show one another that they know a token, which only this user can read (`admission.py`).
"""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from desktopmail import whole_file
from desktopmail.door.interface import DoorError, EngineGoneError

if TYPE_CHECKING:
    from pathlib import Path

# Set to "loopback", it has the engine reached as on a system without Unix sockets: for tests, and
# where no folder can hold a socket. All programs on a profile need the same.
WAY_VARIABLE = "DESKTOPMAIL_DOOR"
LOOPBACK_HOST = "127.0.0.1"
TOKEN_OCTETS = 32
_MAX_OCTETS = 1000


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """A Unix socket.

    Attributes:
        path: The socket; there while an engine listens, or after one that died.
    """

    path: Path


@dataclass(frozen=True, slots=True)
class LoopbackAddress:
    """A port of 127.0.0.1 and a token, which the engine writes into a file.

    Attributes:
        path: The file; there while an engine listens, or after one that died.
    """

    path: Path


Address = SocketAddress | LoopbackAddress


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file of a `LoopbackAddress`.

    Attributes:
        port: Of 127.0.0.1.
        token: Random octets of one run of the engine.
    """

    port: int
    token: bytes

    def __repr__(self) -> str:
        return f"Port(port={self.port})"  # the token is for no log


def has_sockets() -> bool:
    """Whether Unix sockets with owner and mode are here, and wanted."""
    if os.environ.get(WAY_VARIABLE) == "loopback":
        return False
    return hasattr(socket, "AF_UNIX") and hasattr(os, "getuid")


def refuse_open_folder(folder: Path) -> None:
    """Refuse the folder of a socket in which others may have put one.

    Raises:
        FileNotFoundError: There is none: no engine has listened there.
        DoorError: It is not this user's alone, or leads elsewhere.
    """
    status = folder.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    if not is_ours or status.st_mode & 0o077:
        raise DoorError(
            f"The folder {folder} for the engine's socket is open to others.",
            remedy="Remove it, or set XDG_RUNTIME_DIR to a folder of yours alone.",
            code="no-socket",
        )


def write_port(address: LoopbackAddress, port: Port) -> None:
    """Say where the engine is; the file is whole, and this user's alone, when it appears.

    Raises:
        OSError: It cannot be written.
    """
    whole_file.replace(address.path, msgspec.json.encode(port))


def read_port(address: LoopbackAddress) -> Port:
    """Read where the engine is.

    Raises:
        FileNotFoundError: No engine listens.
        EngineGoneError: What is there was not written by an engine that runs, or others may have
            read or written it.
    """
    with address.path.open("rb") as file:
        is_private = _is_private(os.fstat(file.fileno()))
        octets = file.read(_MAX_OCTETS)
    try:
        port = msgspec.json.decode(octets, type=Port)
    except msgspec.MsgspecError as error:
        raise EngineGoneError(f"{address.path} does not say where the engine is.") from error
    if not is_private or not 0 < port.port < 65536 or len(port.token) < TOKEN_OCTETS:
        raise EngineGoneError(f"{address.path} does not say where the engine is.")
    return port


def _is_private(status: os.stat_result) -> bool:
    """Whether a file is this user's alone; Windows keeps those of a user's folders so by itself."""
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o077
