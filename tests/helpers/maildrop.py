"""A POP3 server that lists the ids and sizes a test gives it, for the engine to fetch from."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.door.commands import AddAccount, Password, ServerSettings
from desktopmail.door.rows import Kind, Security
from desktopmail.net.listen import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.stream import Stream


class FakeMaildrop:
    """What the server has, in order; a test changes it between two sessions.

    Attributes:
        messages: UIDL and octets (CRLF line ends).
        heard: Every command line.
        has_top: Whether it knows TOP.
        refused: UIDLs of messages that it lists and does not give.
        unshown: UIDLs of messages whose headers it does not show.
        dies_of: UIDLs of messages at which it closes the connection.
        lists_ids: Else its answer to UIDL is empty.
    """

    def __init__(self, *messages: tuple[str, bytes], has_top: bool = True) -> None:
        self.messages = list(messages)
        self.has_top = has_top
        self.heard: list[str] = []
        self.refused: set[str] = set()
        self.unshown: set[str] = set()
        self.dies_of: set[str] = set()
        self.lists_ids = True
        self.port = 0

    @property
    def retrieved(self) -> int:
        """How many messages were fetched."""
        return sum(line.startswith("RETR") for line in self.heard)

    def account(self) -> AddAccount:
        """The command that adds an account here."""
        settings = ServerSettings(
            host="127.0.0.1", port=self.port, security=Security.NONE, user="alice"
        )
        return AddAccount(
            name="alice",
            address="alice@example.org",
            kind=Kind.POP3,
            incoming=settings,
            outgoing=settings,
            password=Password("correct horse"),
            check=False,
        )

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[FakeMaildrop]:
        """Listen on a free port of this machine."""
        listener = await listen("127.0.0.1", 0, self._session)
        self.port = listener.port
        try:
            yield self
        finally:
            await listener.aclose()

    async def _session(self, stream: Stream) -> None:
        await stream.send(b"+OK ready\r\n")
        unread, marked = b"", set[int]()
        messages = list(self.messages)
        while True:
            while b"\r\n" not in unread:
                octets = await stream.read()
                if not octets:
                    return
                unread += octets
            line, _, unread = unread.partition(b"\r\n")
            self.heard.append(line.decode())
            verb, *arguments = line.decode().split()
            if verb == "QUIT":
                kept = [one for n, one in enumerate(messages, 1) if n not in marked]
                self.messages[:] = kept
                await stream.send(b"+OK\r\n")
                return
            if verb in {"RETR", "TOP"} and messages[int(arguments[0]) - 1][0] in self.dies_of:
                return
            await stream.send(self._answer(verb, arguments, messages, marked))

    def _answer(
        self, verb: str, arguments: list[str], messages: list[tuple[str, bytes]], marked: set[int]
    ) -> bytes:
        numbered = list(enumerate(messages, 1))
        match verb:
            case "CAPA":
                top = "TOP\r\n" if self.has_top else ""
                return f"+OK\r\n{top}UIDL\r\nUSER\r\n.\r\n".encode()
            case "LIST":
                rows = [f"{n} {len(octets)}" for n, (_, octets) in numbered]
            case "UIDL":
                rows = [f"{n} {uidl}" for n, (uidl, _) in numbered if self.lists_ids]
            case "RETR" | "TOP":
                uidl, octets = messages[int(arguments[0]) - 1]
                if uidl in (self.refused if verb == "RETR" else self.unshown):
                    return b"-ERR it is damaged\r\n"
                if verb == "TOP":
                    octets = octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                return b"+OK\r\n" + octets + b".\r\n"
            case "DELE":
                marked.add(int(arguments[0]))
                return b"+OK\r\n"
            case _:
                return b"+OK\r\n"
        return ("+OK\r\n" + "".join(row + "\r\n" for row in rows) + ".\r\n").encode()
