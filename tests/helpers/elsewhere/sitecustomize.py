"""Takes away from a process what Windows has not; Python imports this where the path names it.

Gone are Unix sockets, `fcntl` and its like, signal handlers of a loop, owners of files, the shell
and some calls of the system. A played `msvcrt` locks ranges, for each opening of a file, as Windows
does.
"""

from __future__ import annotations

import asyncio
import asyncio.unix_events
import errno
import functools
import getpass
import os
import socket
import struct
import subprocess
import sys
import tempfile  # noqa: F401  takes what it needs before that is gone
import types
from fcntl import F_GETFL, F_OFD_SETLK, F_RDLCK, F_WRLCK, fcntl
from typing import TYPE_CHECKING

import platformdirs  # noqa: F401  the same: it takes the module for the folders of this system

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES = ("fcntl", "grp", "pwd", "readline", "resource", "syslog", "termios", "tty")
CALLS = (
    "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "fchmod", "getpgid", "getpriority", "getsid",
    "mkfifo", "posix_fallocate", "pread", "pwrite", "setpriority", "statvfs", "geteuid", "getuid",
)  # fmt: skip


def _locking(descriptor: int, _mode: int, octets: int) -> None:
    here = os.lseek(descriptor, 0, os.SEEK_CUR)
    # Linux wants a file that is open for writing; Windows does not.
    kind = F_WRLCK if fcntl(descriptor, F_GETFL) & os.O_ACCMODE else F_RDLCK
    fcntl(descriptor, F_OFD_SETLK, struct.pack("hhqqi4x", kind, 0, here, octets, 0))


def _without_shell(execute: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(execute)
    def without(self: object, args: object, *rest: object) -> None:
        if isinstance(args, list | tuple) and os.fspath(args[0]).endswith("/sh"):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), args[0])
        execute(self, args, *rest)

    return without


def _hide() -> None:
    user = getpass.getuser()
    os.environ.setdefault("USERNAME", user)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    msvcrt = types.ModuleType("msvcrt")
    msvcrt.locking = _locking  # type: ignore[attr-defined]
    msvcrt.LK_NBLCK = 2  # type: ignore[attr-defined]
    sys.modules["msvcrt"] = msvcrt
    for name in CALLS:
        delattr(os, name)
    # The loop wakes itself through a pair of sockets; on Windows those are of TCP.
    socket.socketpair = functools.partial(socket.socketpair, socket.AF_UNIX)
    del socket.AF_UNIX
    subprocess.Popen._execute_child = _without_shell(  # type: ignore[attr-defined]
        subprocess.Popen._execute_child  # type: ignore[attr-defined]
    )
    loop = asyncio.unix_events._UnixSelectorEventLoop
    for name in (
        "add_signal_handler", "remove_signal_handler", "create_unix_connection",
        "create_unix_server",
    ):  # fmt: skip
        delattr(loop, name)


_hide()
