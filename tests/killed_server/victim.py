"""The process that is killed: `python -m tests.killed_server.victim DATA SMARTHOST` forks servers.

Each line on standard input starts one; its ready line is on standard output. A server that is
forked is there in a few milliseconds, and is a process of its own whose death takes nothing else
along.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from desktopmail.net.ports import system_ports
from localserver import credential_table  # noqa: F401  these are loaded before the fork
from localserver.config import Config
from localserver.imap import session as imap  # noqa: F401
from localserver.pop3 import session as pop3  # noqa: F401
from localserver.queue import open as queue  # noqa: F401
from localserver.server import start_server
from localserver.smtp import session as smtp  # noqa: F401

USERS = ("alice", "bob", "dave")
PASSWORD = "secret"
_LISTEN = {"smtp": 0, "submission": 0, "imap": 0, "pop3": 0}


async def _serve(data: Path, smarthost: str) -> None:
    config = Config(
        data=data, listen=dict(_LISTEN), relay=f"smarthost={smarthost}", without=frozenset({"TLS"})
    )
    users = [(name, PASSWORD) for name in USERS]
    server = await start_server(config, system_ports(), users=users)
    sys.stdout.write(server.ready.to_json() + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Fork a server for each line."""
    data, smarthost = Path(sys.argv[1]), sys.argv[2]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for _ in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asyncio.run(_serve(data, smarthost))
            os._exit(0)


if __name__ == "__main__":
    main()
