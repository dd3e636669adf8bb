"""The server's administration API, as the window speaks it: JSON over HTTP, and its events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec
from PySide6.QtCore import QByteArray, QObject, QUrl, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest

from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktopmail.door.commands import Password

T = TypeVar("T")
_Reply: TypeAlias = "tuple[int | None, bytes, str]"  # status, body, what Qt says of a failure
_TIMEOUT_MS = 10_000
_MOST_HELD = 1024 * 1024  # octets of an event that has no end


class ApiError(Exception):
    """The server refused something, or is not there; the text is a sentence."""


class Event(msgspec.Struct, frozen=True):
    """Something happened at the server: its kind, and what its data says."""

    kind: str
    what: dict[str, object]


class _Problem(msgspec.Struct, frozen=True):
    detail: str = ""


class ServerApi(QObject):
    """Speaks to one server until it is closed.

    Args:
        port: Of its API, on 127.0.0.1.
        token: Lets us in.

    Signals:
        happened: An event of the server (Event).
        gone: The stream of events ended: the server does not run any more.
    """

    happened = Signal(object)
    gone = Signal()

    def __init__(self, port: int, token: Password, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._base = f"http://127.0.0.1:{port}"
        self._authorization = f"Bearer {token.text}".encode()
        self._manager = QNetworkAccessManager(self)
        self._manager.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        self._stream: QNetworkReply | None = None
        self._running: set[QNetworkReply] = set()
        self._closed = False
        self._held = b""

    async def get(self, path: str, kind: type[T]) -> T:
        """Return what is at a path.

        Raises:
            ApiError: It was refused, or the server is not there.
        """
        octets = await self._ask("GET", path, b"")
        try:
            return msgspec.json.decode(octets, type=kind)
        except msgspec.DecodeError as error:
            raise ApiError(tr("room.odd_answer", path=path, error=str(error))) from error

    async def octets(self, path: str) -> bytes:
        """Return the octets at a path.

        Raises:
            ApiError: It was refused, or the server is not there.
        """
        return await self._ask("GET", path, b"")

    async def send(
        self, method: str, path: str, values: Mapping[str, object] | bytes | None = None
    ) -> None:
        """Have something done.

        Args:
            method: HTTP method.
            path: With its query.
            values: Become JSON; octets are a message.

        Raises:
            ApiError: It was refused, or the server is not there.
        """
        body = values if isinstance(values, bytes) else msgspec.json.encode(values or {})
        await self._ask(method, path, b"" if method == "DELETE" else body)

    def listen(self) -> None:
        """Have events told from now on."""
        request = self._request("/api/events")
        request.setTransferTimeout(0)  # it has no end
        stream = self._manager.get(request)
        stream.readyRead.connect(self._read)
        stream.finished.connect(self._ended)
        self._stream = stream

    def close(self) -> None:
        """Ask nothing more."""
        self._closed = True
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()
        for reply in tuple(self._running):
            reply.abort()
        self.deleteLater()

    def _request(self, path: str) -> QNetworkRequest:
        request = QNetworkRequest(QUrl.fromEncoded(f"{self._base}{path}".encode()))
        request.setRawHeader(QByteArray(b"Authorization"), QByteArray(self._authorization))
        request.setTransferTimeout(_TIMEOUT_MS)
        request.setAttribute(
            QNetworkRequest.Attribute.RedirectPolicyAttribute,
            QNetworkRequest.RedirectPolicy.ManualRedirectPolicy,
        )
        return request

    async def _ask(self, method: str, path: str, body: bytes) -> bytes:
        if self._closed:
            # Its reply would go with us before it has finished, and nobody would be told.
            raise ApiError(tr("room.stopped"))
        request = self._request(path)
        if body:
            kind = "application/json" if body[:1] in b"{[" else "message/rfc822"
            request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, kind)
        reply = self._manager.sendCustomRequest(
            request, QByteArray(method.encode()), QByteArray(body)
        )
        settled: asyncio.Future[_Reply] = asyncio.get_running_loop().create_future()
        self._running.add(reply)

        def take() -> None:
            self._running.discard(reply)
            if not settled.done():
                status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
                octets = bytes(reply.readAll().data()) if reply.isOpen() else b""
                settled.set_result((status, octets, reply.errorString()))
            reply.deleteLater()

        reply.finished.connect(take)
        try:
            status, octets, error = await settled
        finally:
            if reply in self._running:  # cancelled
                reply.abort()
        if status is None:
            raise ApiError(tr("room.no_answer", error=error))
        if not 200 <= status < 300:
            raise ApiError(_detail(octets) or error)
        return octets

    def _read(self) -> None:
        if self._stream is None:
            return
        self._held += self._stream.readAll().data()
        *events, self._held = self._held.split(b"\n\n")
        self._held = self._held[-_MOST_HELD:]
        for octets in events:
            event = parse_event(octets)
            if event is not None:
                self.happened.emit(event)

    def _ended(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.deleteLater()
            self.gone.emit()


def parse_event(octets: bytes) -> Event | None:
    """Return a server-sent event, None for a comment or what is no JSON object."""
    lines = dict(line.split(b": ", 1) for line in octets.split(b"\n") if b": " in line)
    kind = lines.get(b"event", b"").decode("utf-8", "replace")
    if not kind:
        return None
    try:
        return Event(kind, msgspec.json.decode(lines.get(b"data", b"{}"), type=dict[str, object]))
    except msgspec.DecodeError:
        return None


def _detail(octets: bytes) -> str:
    try:
        return msgspec.json.decode(octets, type=_Problem).detail
    except msgspec.DecodeError:
        return ""
