"""The program `localserver`, also `python -m localserver`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    from localserver.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
