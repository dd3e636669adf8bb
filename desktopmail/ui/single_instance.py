"""One window for each profile: a second start hands its link over and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktopmail.ui.instance_name import instance_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WAIT_MS = 1_500
_MAX_OCTETS = 100_000


class SingleInstance(QObject):
    """Speaks to the window that is open already, or listens for those that come later."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._name = instance_name(folder)
        self._server: QLocalServer | None = None
        self._take: Callable[[str], None] = lambda _link: None

    def hand_over(self, link: str) -> bool:
        """Give a link (or nothing) to a window that is open; False when there is none."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_WAIT_MS):
            return False
        socket.write(link.encode() + b"\n")
        done = socket.waitForBytesWritten(_WAIT_MS) and socket.waitForReadyRead(_WAIT_MS)
        socket.disconnectFromServer()
        return done

    def listen(self, take: Callable[[str], None]) -> None:
        """Have links of later starts given to `take`."""
        self._take = take
        QLocalServer.removeServer(self._name)  # of a window that crashed
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._connected)
        self._server.listen(self._name)

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    def _connected(self) -> None:
        server = self._server
        socket = server.nextPendingConnection() if server is not None else None
        if socket is not None:
            socket.readyRead.connect(lambda: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            if socket.bytesAvailable():
                self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if socket.bytesAvailable() > _MAX_OCTETS:
            socket.abort()
            return
        if not socket.canReadLine():
            return
        link = bytes(socket.readLine().data()).decode("utf-8", "replace").strip()
        socket.write(b"ok\n")
        socket.flush()
        if not link or link.lower().startswith("mailto:"):
            self._take(link)
