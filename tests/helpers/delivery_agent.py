"""Delivery agents for foreign clients: each message becomes a file, with few processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# getmail begins to wait for its agent after the fork, and misses the end of a quicker one: it sits
# there for a minute then. So the agent stays until getmail sleeps with its handler in place.
_UNTIL_GETMAIL_WAITS = r"""
test -r /proc/$PPID/status || exit 0
until awk '/^State:/ { state = $2 } /^SigCgt:/ { caught = substr($2, 12, 1) }
           END { exit !(state == "S" && caught ~ /[13579bdf]/) }' /proc/$PPID/status
do :; done
"""


def delivery_agent(folder: Path, and_then: str = "") -> Path:
    """Return a program that writes what it is given into a file below `folder / "mails"`."""
    (folder / "mails").mkdir()
    agent = folder / "agent.sh"
    agent.write_text(f'#!/bin/sh\ncat > "{folder}/mails/$$"\n{and_then}')
    agent.chmod(0o755)
    return agent


def agent_of_getmail(folder: Path) -> Path:
    """Return the same for getmail."""
    return delivery_agent(folder, _UNTIL_GETMAIL_WAITS)
