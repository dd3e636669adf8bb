"""The command line `localserver`: one file for each group of commands.

`program.py` puts them together and says how they end: one sentence on stderr and exit 1 when
something is refused; `output.py` prints, with `--json` for machines. Start with `serve.py`.
"""

from localserver.cli.program import run

__all__ = ["run"]
