"""A server that runs on a folder, as the commands talk to it: over its administration API."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from localserver.queue.interface import QueueItem
from localserver.ready import FILE_IN_FOLDER
from localserver.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S = 30.0


class UnknownError(StoreError):
    """The server has nothing of that number."""


class RunningServer:
    """Speaks to one; made by `running_on`.

    Args:
        port: Of the API, on loopback.
        token: Of the API.
    """

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token

    def octets(self, path: str) -> bytes:
        """Return what stands at a path, as it is.

        Raises:
            StoreError: It was refused, or nobody answers; the sentence is the server's own.
        """
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._token}"})
            answer = connection.getresponse()
            octets = answer.read()
        except OSError as error:
            raise StoreError(f"The server of this folder does not answer: {error}.") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise _refusal(answer.status, json.loads(octets)["detail"])
        return octets

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  any JSON
        """Send a request and return the JSON of the answer.

        Raises:
            StoreError: It was refused, or nobody answers; the sentence is the server's own.
        """
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        try:
            octets = None if body is None else json.dumps(body).encode()
            headers = {"Authorization": f"Bearer {self._token}"}
            connection.request(method, path, octets, headers)
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except (OSError, ValueError) as error:
            raise StoreError(f"The server of this folder does not answer: {error}.") from error
        finally:
            connection.close()
        if answer.status != 200:
            told = value.get("detail") if isinstance(value, dict) else None
            raise _refusal(answer.status, told or "The server refused.")
        return value


def _refusal(status: int, told: str) -> StoreError:
    return UnknownError(told) if status == 404 else StoreError(told)


class RunningQueue:
    """The queue of a running server; a `QueueAdmin`.

    Args:
        server: Which.
    """

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    def waiting(self) -> list[QueueItem]:
        """Return everything that waits, oldest first."""
        rows: list[dict[str, Any]] = self._server.ask("GET", "/api/queue")
        for row in rows:
            for name in ("arrived", "next_try"):
                row[name] = datetime.fromisoformat(row[name])
        return [QueueItem(**row) for row in rows]

    def octets(self, message: int) -> bytes | None:
        """Return None: no command shows a message."""
        del message
        return None

    async def retry(self, message: int | None = None) -> int:
        """Make one message, or all, due now."""
        body = {} if message is None else {"id": message}
        return int(self._server.ask("POST", "/api/queue/retry", body)["recipients"])

    async def release(self, message: int) -> int:
        """Let a held message go."""
        return await self.retry(message)

    async def drop(self, message: int, *, bounce: bool = False) -> int:
        """Remove a message, with or without a report to its sender."""
        path = f"/api/queue/{quote(str(message))}" + ("?bounce=1" if bounce else "")
        return int(self._server.ask("DELETE", path)["recipients"])


def running_on(data: Path) -> RunningServer | None:
    """Return the server that runs on a folder; None when there is none, or it has no API.

    Its lock is not tried: a server that starts at that moment would find the folder taken.
    """
    try:
        told = json.loads((data / FILE_IN_FOLDER).read_text("utf-8"))
        pid, server = int(told["pid"]), RunningServer(int(told["ports"]["api"]), str(told["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # A server that was killed leaves that behind, and others may have its number or its port now.
    if not _is_there(pid):
        return None
    try:
        return server if server.ask("GET", "/api/server")["pid"] == pid else None
    except (StoreError, KeyError, TypeError):
        return None


def _is_there(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # to ask there would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
