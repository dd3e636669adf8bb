"""The server inside one's own program: for tests and demos, in memory, on free ports.

`with LocalServer(users={"alice": "secret"}) as server:` runs it on a loop in a thread of its own,
so that blocking clients (smtplib, imaplib, poplib) can talk to it; `async with` runs it on the
loop that is there. Everything is bound when the block begins, and gone when it ends.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from desktopmail.mime.message import Message
from desktopmail.net.ports import system_ports
from localserver.config import DEFAULT_PORTS, Config, is_domain
from localserver.conversation import Conversation
from localserver.server import Server, start_server
from localserver.store.interface import Captured, Delivery
from localserver.store.moment import moment_of
from localserver.store.names import INBOX

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from desktopmail.net.ports import Ports
    from localserver.faults import Fault
    from localserver.store.account import Account

T = TypeVar("T")
_PATIENCE_S = 30.0
_POLL_S = 0.005


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message that lies in a mailbox, or was captured: for elsewhere, and sent to nobody.

    Attributes:
        user: Whose; "" for captured mail.
        mailbox: In which; "" for captured mail.
        uid: Its UID there, or its number among captured mail.
        flags: Its flags and keywords.
        octets: Exactly as it is stored.
        internal_date: When it came.
        sender: The envelope's sender, None when it was not delivered by SMTP.
        recipient: The envelope's recipient, None likewise.
    """

    user: str
    mailbox: str
    uid: int
    flags: frozenset[str]
    octets: bytes
    internal_date: datetime
    sender: str | None
    recipient: str | None

    @property
    def parsed(self) -> Message:
        """The message as a value: `.subject`, `.to`, `.text`, `.attachments`."""
        return Message.parse(self.octets)

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return self.parsed.subject

    @property
    def text(self) -> str:
        """The text for reading."""
        return self.parsed.text

    @property
    def is_captured(self) -> bool:
        """Whether it is for elsewhere and was kept instead of being sent."""
        return not self.mailbox

    @property
    def is_seen(self) -> bool:
        r"""Whether it is \Seen."""
        return "\\Seen" in self.flags


class _Ports(dict[str, int]):
    """Port of each protocol; a name that is none is said with those that there are."""

    def __missing__(self, name: str) -> int:
        raise KeyError(f"{name!r} is not served here, but {', '.join(self)} are")


class LocalServer:
    """A whole mail server for the time of a `with` block.

    Args:
        users: Passwords by name.
        domain: The server's mail domain.
        plan: Faults, in their order.
        without: Capabilities that are switched off.
        data: Folder to keep the mail in; None keeps it in memory.
        config: Everything else; the other arguments win over it.
        api: Serve the administration API too.
        ports: Clock, entropy, threads and network, for simulations.

    Raises:
        ConfigError: `domain` is none.

    Attributes:
        ports: Port of each protocol: `server.ports["imap"]`.
        host: Where it listens.
        domain: Its mail domain.
        token: Of the administration API.
    """

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        *,
        domain: str = "localhost",
        plan: Iterable[Fault] = (),
        without: Iterable[str] = (),
        data: Path | None = None,
        config: Config | None = None,
        api: bool = False,
        ports: Ports | None = None,
    ) -> None:
        base = config if config is not None else Config()
        listen = dict.fromkeys(DEFAULT_PORTS, 0)
        if not api:
            del listen["api"]
        without = frozenset(name.upper() for name in without)
        self._config = base.merged(
            listen=base.listen if config is not None and base.listen != DEFAULT_PORTS else listen,
            domain=domain if config is None or domain != "localhost" else None,
            without=without or None,
            data=data,
        )
        if domain != "localhost" and not is_domain(domain):
            from localserver.config_file import ConfigError  # reads TOML, which few tests do

            raise ConfigError(f"{domain!r} is no domain, as in example.org.")
        self._users = dict(users or {})
        self._plan = list(plan)
        self._given_ports = ports
        self._server: Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ssl_context: ssl.SSLContext | None = None

    # ---- beginning and end

    def __enter__(self) -> Self:
        started = threading.Event()
        failure: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._run, args=(started, failure), name="localserver", daemon=True
        )
        self._thread.start()
        if not started.wait(_PATIENCE_S):
            raise TimeoutError(f"the server did not start in {_PATIENCE_S:g} s")
        if failure:
            self._thread.join(_PATIENCE_S)
            raise failure[0]
        return self

    def __exit__(self, *_error: object) -> None:
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            try:
                self._call(self._end())
            finally:
                loop.call_soon_threadsafe(loop.stop)
                thread.join(_PATIENCE_S)
                self._loop = self._thread = None

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._end()

    def _run(self, started: threading.Event, failure: list[BaseException]) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._begin())
        except BaseException as error:  # noqa: BLE001  raised again where the block begins
            failure.append(error)
            loop.close()
            started.set()
            return
        self._loop = loop
        started.set()
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    async def _begin(self) -> None:
        self._server = await start_server(
            self._config,
            self._given_ports or system_ports(),
            users=self._users.items(),
            plan=self._plan,
            failure_delay_s=0.0,
        )

    async def _end(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            self._ssl_context = None  # the next block's authority is another one
            await server.aclose(grace_s=0.0)

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop from another thread."""
        loop = self._loop
        if loop is None:
            coroutine.close()
            _ = self.server  # which says so when there is none
            raise RuntimeError("use the async method: the server runs on this loop")
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(_PATIENCE_S)

    # ---- where it is

    @property
    def server(self) -> Server:
        """The server itself."""
        if self._server is None:
            raise RuntimeError("the server runs inside the `with` block only")
        return self._server

    @property
    def ports(self) -> Mapping[str, int]:
        """Port of each protocol."""
        return _Ports(self.server.ports)

    @property
    def host(self) -> str:
        """Where it listens."""
        return self._config.host

    @property
    def domain(self) -> str:
        """Its mail domain."""
        return self._config.domain

    @property
    def token(self) -> str:
        """Of the administration API."""
        return self.server.token

    @property
    def ca_file(self) -> Path:
        """The authority that clients have to trust, as a PEM file."""
        if self.server.ca_file is None:
            raise RuntimeError("this server has no authority of its own")
        return self.server.ca_file

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """For clients: trusts this server's authority and nothing else."""
        if self._ssl_context is None:
            self._ssl_context = ssl.create_default_context(cafile=str(self.ca_file))
        return self._ssl_context

    @property
    def transcript(self) -> Conversation:
        """What was said, with questions to ask about it."""
        return Conversation(self.server.context.transcript)

    # ---- what happened

    def messages(self, user: str, mailbox: str = INBOX) -> list[ReceivedMessage]:
        """Return the messages in a mailbox, by UID."""
        return self._call(self.messages_async(user, mailbox))

    async def messages_async(self, user: str, mailbox: str = INBOX) -> list[ReceivedMessage]:
        """Return the messages in a mailbox; on the server's own loop."""
        name = self._name(user)
        account = await self.server.store.account(name)
        return messages_in(account, mailbox)

    def deliver(
        self,
        user: str,
        octets: bytes,
        *,
        mailbox: str = INBOX,
        flags: Iterable[str] = (),
        internal_date: datetime | None = None,
    ) -> int:
        """Put a message into a mailbox exactly as it is, as if it had come long ago.

        Args:
            user: Name or address.
            octets: The message; mail that came by SMTP has CRLF
                (`message.as_bytes(policy=email.policy.SMTP)`).
            mailbox: Which; it is made when it is not there.
            flags: Flags and keywords.
            internal_date: When it came; None for now.

        Returns:
            Its UID.
        """
        return self._call(
            self.deliver_async(
                user, octets, mailbox=mailbox, flags=flags, internal_date=internal_date
            )
        )

    async def deliver_async(
        self,
        user: str,
        octets: bytes,
        *,
        mailbox: str = INBOX,
        flags: Iterable[str] = (),
        internal_date: datetime | None = None,
    ) -> int:
        """Put a message into a mailbox; on the server's own loop."""
        delivery = Delivery(self._name(user), octets, mailbox, frozenset(flags), internal_date)
        delivered = await self.server.store.deliver([delivery])
        return delivered[0].uid

    def captured(self) -> list[Captured]:
        """Return the mail for elsewhere, which nobody was sent."""
        return self._call(self._captured())

    async def _captured(self) -> list[Captured]:
        return self.server.store.captured()

    def wait_for(
        self,
        *,
        to: str | None = None,
        subject: str | None = None,
        count: int = 1,
        timeout_s: float = 5.0,
    ) -> ReceivedMessage:
        """Wait until a message is there, in a mailbox or captured, and return it (the newest).

        Args:
            to: Name or address of a user, an address elsewhere, or None for any.
            subject: Part of its subject, or None for any.
            count: So many such messages have to be there.
            timeout_s: How long.

        Raises:
            TimeoutError: It did not come; the error says what came instead.
        """
        until = time.monotonic() + timeout_s
        while True:
            everything = self._call(self._everything(to))
            found = [each for each in everything if _fits(each, subject)]
            if len(found) >= count:
                return found[-1]
            if time.monotonic() >= until:
                raise _missing(to, subject, timeout_s, everything)
            time.sleep(_POLL_S)

    async def wait_for_async(
        self,
        *,
        to: str | None = None,
        subject: str | None = None,
        count: int = 1,
        timeout_s: float = 5.0,
    ) -> ReceivedMessage:
        """Wait until a message is there; on the server's own loop.

        Raises:
            TimeoutError: It did not come; the error says what came instead.
        """
        arrived = asyncio.Event()
        stops = [
            self.server.store.on_arrival(lambda _: arrived.set()),
            self.server.context.changes.on_change(lambda _: arrived.set()),
        ]
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    arrived.clear()
                    everything = await self._everything(to)
                    found = [each for each in everything if _fits(each, subject)]
                    if len(found) >= count:
                        return found[-1]
                    await arrived.wait()
        except TimeoutError:
            raise _missing(to, subject, timeout_s, await self._everything(to)) from None
        finally:
            for stop in stops:
                stop()

    def reset(self) -> None:
        """Make the server as it was at the start of the block, without any mail (`reset.py`)."""
        self._call(self.reset_async())

    async def reset_async(self) -> None:
        """Make the server as it was at the start; on the server's own loop."""
        from localserver.reset import reset  # few tests need it

        await reset(self.server)

    def add_fault(self, fault: Fault) -> None:
        """Add a fault to the plan while the server runs."""
        self.server.context.faults.add(fault)

    async def _everything(self, to: str | None) -> list[ReceivedMessage]:
        users = self.server.context.users
        wanted = users.all() if to is None else users.resolve(to)
        found: list[ReceivedMessage] = []
        for user in wanted:
            account = await self.server.store.account(user.name)
            for mailbox in account.mailboxes():
                found += messages_in(account, mailbox.name)
        found += captured_for(self.server.store.captured(), to)
        return sorted(found, key=lambda each: (each.internal_date, each.uid))

    def _name(self, user: str) -> str:
        found = self.server.context.users.find(user)
        return found.name if found is not None else user


def captured_for(captured: Iterable[Captured], to: str | None) -> list[ReceivedMessage]:
    """Return captured mail for an address, or with None all of it, the oldest first."""
    return [
        ReceivedMessage(
            "", "", each.number, frozenset(), each.octets, each.arrived, each.sender,
            each.recipients[0] if to is None else to,
        )
        for each in captured
        if to is None or to.lower() in {address.lower() for address in each.recipients}
    ]  # fmt: skip


def messages_in(
    account: Account,
    mailbox: str,
    *,
    newest: int = -1,
    before: int | None = None,
    uid: int | None = None,
) -> list[ReceivedMessage]:
    """Return messages in a mailbox of an account, by UID.

    Args:
        account: Whose.
        mailbox: Its name.
        newest: So many of the newest at most; -1 for all.
        before: Only those with lesser UIDs.
        uid: Only this one.

    Raises:
        NoSuchMailboxError: There is none.
    """
    box = account.mailbox(mailbox)
    rows = account.query(
        "SELECT uid, flags, content.header, content.body, arrived, zone, sender, recipient"
        " FROM entry JOIN message ON message.id=entry.message"
        " JOIN content ON content.message=message.id"
        " WHERE mailbox=? AND uid BETWEEN ? AND ? ORDER BY uid DESC LIMIT ?",
        box.number,
        uid or 0,
        uid or (box.uidnext if before is None else before - 1),
        newest,
    )
    rows.reverse()
    return [
        ReceivedMessage(
            account.user, box.name, uid, frozenset(account.flags.names(mask)), header + body,
            moment_of(arrived, zone), sender, recipient,
        )
        for uid, mask, header, body, arrived, zone, sender, recipient in rows
    ]  # fmt: skip


def _fits(message: ReceivedMessage, subject: str | None) -> bool:
    return subject is None or subject in message.subject


def _missing(
    to: str | None, subject: str | None, timeout_s: float, came: list[ReceivedMessage]
) -> TimeoutError:
    wanted = f"for {to}" if to else "for anybody"
    if subject is not None:
        wanted += f" with {subject!r} in its subject"
    others = ", ".join(repr(each.subject) for each in came[-5:]) or "nothing at all"
    return TimeoutError(f"no message {wanted} came in {timeout_s:g} s; there is: {others}")
