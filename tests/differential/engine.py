"""The engine of a trial: the program's own process, which waits less and has smaller bounds."""

from __future__ import annotations

import importlib
import sys

from desktopmail.engine import __main__ as program

_QUICKLY = {
    "engine.sync.replay._FIRST_WAIT_S": 0.05, "engine.outbox._RETRY_CAP_S": 0.4,
    "engine.outbox._EVIDENCE_AFTER_S": 1.0, "net.smtp_sending.FINAL_S": 2.0,
    "engine.sync.filing.PAUSES_S": (0.1, 0.2, 0.4, 0.8, 1.6, 3.2),
}  # fmt: skip
_SMALL = {
    "engine.sync.fetch.FIRST_SCREEN": 5, "engine.sync.fetch.MAX_WHOLE_AT_ONCE": 20,
    "engine.sync.fetch.HEADER_BATCH": 10, "engine.sync.fetch.MOST_LISTED_BATCH": 10,
    "engine.sync.fetch.MOST_WHOLE_BATCH": 10, "engine.sync.fetch.LISTED_AT_ONCE": 25,
    "engine.sync.pipeline.WORDS_AT_ONCE": 3,
}  # fmt: skip


def main(ways: list[str], arguments: list[str]) -> int:
    """Run the engine; `ways` holds "small" and "compress"."""
    bounds = _QUICKLY | (_SMALL if "small" in ways else {})
    if "compress" in ways:
        bounds |= {"engine.sync.imap._DEFLATE_AT_BATCH": 1}
        importlib.import_module("desktopmail.engine.sync.imap").is_loopback = lambda _host: False
    for name, bound in bounds.items():
        room, _, constant = name.rpartition(".")
        module = importlib.import_module(f"desktopmail.{room}")
        assert hasattr(module, constant), name
        setattr(module, constant, bound)
    return program.main(arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1].split(","), sys.argv[2:]))
