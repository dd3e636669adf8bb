"""The command line `localserver`: one file for each group of commands.

`options.py` says what they have in common: one sentence on stderr and exit 1 when something is
refused, `--json` for machines. Start with `serve.py`.
"""

from localserver.cli.program import run

__all__ = ["run"]
