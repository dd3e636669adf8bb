"""The rule "command": an external program decides, as in an MTA's content filter."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from localserver.submission.filter_table import ValueOfKeyError, number, texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from desktopmail.net.ports import Executor
    from localserver.submission.subject import Subject

_SHOWN: Final = 200
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


class CommandRule:
    """Runs a program with the message on its standard input.

    It ends with 0 to let the message pass, with 1 to hit it (its first line of output says why),
    and with anything else when it failed; a failure, or taking too long, lets the message pass with
    that said in the log. The environment holds MAIL_SENDER, MAIL_RECIPIENTS (one a line),
    MAIL_USER, MAIL_PEER and MAIL_PORT.

    Keys: `command` (a list: the program and its arguments, no shell), `timeout_s` (default 10).
    """

    def __init__(self, table: Mapping[str, object], executor: Executor) -> None:
        self._command = texts(table, "command", ())
        if not self._command:
            raise ValueOfKeyError("command", "is a list: the program and its arguments")
        if shutil.which(self._command[0], path=_PATH) is None:
            raise ValueOfKeyError("command", f"names no program: {self._command[0]}")
        self._timeout_s = number(table, "timeout_s", 10)
        self._executor = executor

    async def hit(self, message: Subject) -> str | None:
        """Run the program in a thread.

        Raises:
            OSError: The program cannot be started, took too long or failed.
        """
        return await self._executor.run(self._run, message)

    def _run(self, message: Subject) -> str | None:
        environment = {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "MAIL_SENDER": message.sender,
            "MAIL_RECIPIENTS": "\n".join(message.recipients),
            "MAIL_USER": message.user,
            "MAIL_PEER": message.peer,
            "MAIL_PORT": message.port,
        }
        try:
            done = subprocess.run(  # noqa: S603 - a list from the server's own configuration
                self._command,
                input=message.octets,
                capture_output=True,
                timeout=self._timeout_s,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise OSError(f"{self._command[0]} took longer than {self._timeout_s:g} s") from error
        if done.returncode == 0:
            return None
        if done.returncode == 1:
            lines = done.stdout.decode("utf-8", "replace").splitlines()
            return lines[0][:_SHOWN] if lines else "the filter program said no"
        raise OSError(f"{self._command[0]} ended with {done.returncode}")
