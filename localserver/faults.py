"""Fault plans: what shall go wrong, when, in which session; the same for SMTP, POP3 and IMAP.

A plan is data: a list of `Fault`, in Python or as `[[fault]]` tables of a TOML file. Faults are
matched in their order and counted, so that a plan does the same in every run. Sessions ask
`SessionFaults` before they execute a command, and use its `stream`, which cuts, slows and drops
octets.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol, cast

from desktopmail.net.errors import ClosedError
from localserver.changes import Changes
from localserver.config_lines import ConfigLines
from localserver.fault_moments import is_moment
from localserver.fault_stream import FaultyStream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from desktopmail.net.ports import Clock
    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ServerTls

GREETING = "GREETING"
CONNECT = "CONNECT"
_WANTED = {
    "bool": "true or false", "bytes": "text or a list of octets", "float": "a number",
    "int": "a whole number", "str": "text", "tuple[int, ...]": "a list of whole numbers",
    "tuple[str, ...]": "a list of texts",
}  # fmt: skip
PROTOCOLS = ("smtp", "submission", "pop3", "imap")


class PlanError(Exception):
    """A plan cannot be read; the sentence names the fault and the field."""


@dataclass(frozen=True, slots=True)
class Fault:
    r"""One thing that goes wrong. What is not said matches everything, or does nothing.

    Attributes:
        protocol: `smtp`, `submission`, `pop3` or `imap`.
        command: Verb (`FETCH`, `UID FETCH`, `RCPT`), `GREETING`, `CONNECT` (before TLS),
            `END-OF-DATA` (SMTP's final dot, before the message is taken), or `AUTH-RESPONSE`
            (SMTP's answer to a challenge).
        argument: Regular expression that is searched for in the arguments, without regard to case:
            in what the transcript shows behind the verb, secrets masked.
        nth: Which match it begins with, counted from 1.
        times: How many matches it hits; None (0 in TOML and JSON) for all from `nth` on.
        session: Number of the session among those of its protocol, from 1.
        user: Name of the user who is logged in.
        reply: Sent instead of executing the command (for IMAP without its tag, unless it begins
            with `* ` or `+ `); CRLF is added.
        delay_s: Waited before everything else.
        inject: Octets sent first, as they are; `\r\n` has to be in them. In TOML and JSON text, or
            a list of numbers where they are no UTF-8.
        cut: After so many further octets of the server the connection is dropped; with 0 the
            command is carried out and its reply is lost.
        dribble: The server's octets go out one by one from now on.
        stall: Nothing is answered any more; the connection stays open.
        drop: The connection is closed in order.
        reset: The connection is reset.
        certificate: `wrong`: the next TLS handshake shows a certificate nobody may accept.
        hide: Capabilities that this session does not offer (`STARTTLS` is then refused too).
        uidvalidity: The INBOX gets another UIDVALIDITY and other UIDs.
        expunge: UIDs of the INBOX that another client expunges now; `[0]` for all.
        bye: The server says goodbye in its protocol's way, and closes.
        quota_full: From now on the user's mailboxes are full; False empties them again.
    """

    protocol: str | None = None
    command: str | None = None
    argument: str | None = None
    nth: int = 1
    times: int | None = 1
    session: int | None = None
    user: str | None = None
    reply: str | None = None
    delay_s: float = 0.0
    inject: bytes = b""
    cut: int | None = None
    dribble: bool = False
    stall: bool = False
    drop: bool = False
    reset: bool = False
    certificate: str | None = None
    hide: tuple[str, ...] = ()
    uidvalidity: bool = False
    expunge: tuple[int, ...] = ()
    bye: bool = False
    quota_full: bool | None = None

    def __post_init__(self) -> None:
        if self.protocol is not None and self.protocol not in PROTOCOLS:
            raise PlanError(f"protocol: {self.protocol!r} is none of {sorted(PROTOCOLS)}.")
        if self.command is not None and not is_moment(self.command, self.protocol):
            of = "any protocol" if self.protocol is None else self.protocol
            raise PlanError(f"command: {self.command!r} is no command of {of}.")
        if any(len(name) == 1 for name in self.hide):  # the letters of a text
            raise PlanError(f"hide: {self.hide!r} is no list of capabilities, as in ('IDLE',).")
        if self.nth < 1 or (self.times is not None and self.times < 1):
            raise PlanError("nth and times: count from 1.")
        if not self.delay_s >= 0 or (self.cut is not None and self.cut < 0):
            raise PlanError("delay_s and cut: not less than 0.")
        if self.certificate not in {None, "wrong"}:
            raise PlanError(f"certificate: {self.certificate!r} is not 'wrong'.")
        try:
            re.compile(self.argument or "")
        except re.error as error:
            raise PlanError(f"argument: {self.argument!r} is no expression ({error}).") from error

    def fits(self, protocol: str, session: int, command: str, argument: str, user: str) -> bool:
        """Whether a moment of a session is meant, its count aside."""
        return (
            (self.protocol is None or self.protocol == protocol)
            and (self.command is None or self.command.upper() == command.upper())
            and (self.session is None or self.session == session)
            and (self.user is None or self.user.lower() == user.lower())
            and (
                self.argument is None
                or re.search(self.argument, argument, re.IGNORECASE) is not None
            )
        )


def read_plan(path: Path) -> list[Fault]:
    """Read the `[[fault]]` tables of a TOML file.

    Raises:
        PlanError: It cannot be read; the sentence says where.
    """
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        sentence = f"The fault plan {path} cannot be read: {error.strerror}."
        raise PlanError(f"{sentence} Check its name and rights.") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"The fault plan {path} cannot be read: it is not UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"The fault plan {path} cannot be read: {error}.") from error
    tables = document.get("fault", [])
    are_tables = isinstance(tables, list) and all(isinstance(each, dict) for each in tables)
    if not are_tables or set(document) - {"fault"}:
        raise PlanError(f"The fault plan {path} holds something else than [[fault]] tables.")
    plan = []
    for number, table in enumerate(tables, 1):
        try:
            plan.append(from_table(table))
        except PlanError as error:
            line = ConfigLines(text).line("fault", number - 1)
            where = f"The fault plan {path}, fault {number} from line {line} on"
            raise PlanError(f"{where}: {error}") from error
    return plan


def from_table(table: dict[str, Any]) -> Fault:
    """Make a fault of the values of a TOML table or a JSON object.

    Raises:
        PlanError: A key or command is unknown, or a value has the wrong type.
    """
    values: dict[str, Any] = {}
    known = {each.name: str(each.type) for each in fields(Fault)}
    for name, value in table.items():
        kind = known.get(name)
        if kind is None:
            raise PlanError(f"{name!r} is not known.")
        values[name] = _converted(name, kind, value)
    return Fault(**values)


def to_table(fault: Fault) -> dict[str, Any]:
    """Return the values of a fault that are not the defaults, as `from_table` takes them."""
    table: dict[str, Any] = {}
    for each in fields(Fault):
        value = getattr(fault, each.name)
        if value != each.default:
            table[each.name] = _plain(value)
    return table


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return list(value)
    return list(value) if isinstance(value, tuple) else value


def _converted(name: str, kind: str, value: object) -> object:
    if value is None and kind.endswith("None"):
        return None
    if name == "times" and type(value) is int and value == 0:
        return None
    if kind == "bytes":
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, list) and all(type(n) is int and 0 <= n <= 255 for n in value):
            return bytes(value)
    if kind.startswith("tuple") and isinstance(value, list):
        wanted: type = int if "int" in kind else str
        if all(isinstance(each, wanted) for each in value):
            return tuple(value)
    elif kind.startswith("bool"):
        if isinstance(value, bool):
            return value
    elif kind.startswith("float"):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif kind.startswith("int"):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif kind.startswith("str") and isinstance(value, str):
        return value
    raise PlanError(f"{name}: {value!r} is not {_WANTED[kind.removesuffix(' | None')]}.")


class Effects(Protocol):
    """What faults do to the server beside the connection; the server gives it."""

    async def expunge(self, user: str, uids: tuple[int, ...]) -> None:
        """Expunge messages of a user's INBOX, as another client would; `(0,)` is all."""

    async def new_uidvalidity(self, user: str) -> None:
        """Give a user's INBOX another UIDVALIDITY."""

    def set_full(self, user: str, full: bool) -> None:
        """Make a user's mailboxes full, or not; an empty name is everybody."""

    def wrong_certificate(self) -> ServerTls:
        """Return a certificate that no client may accept."""


@dataclass(slots=True)
class Armed:
    """A fault that waits for its moment.

    Attributes:
        fault: What happens.
        seen: How many moments fitted.
        hits: How many it hit.
    """

    fault: Fault
    seen: int = 0
    hits: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether it hits nothing more."""
        return self.fault.times is not None and self.hits >= self.fault.times


@dataclass(slots=True)
class Faults:
    """The plan of a running server; may be replaced while it runs.

    Attributes:
        clock: Measures the delays.
        effects: What a fault does beside its connection.
        changes: Is told of each change of the plan and of each fault that hits.
        without: Capabilities that no session offers, in upper case; may be replaced too.
        first: The plan of the start, which `reset` returns to.
    """

    clock: Clock
    effects: Effects | None = None
    changes: Changes = field(default_factory=Changes)
    without: frozenset[str] = frozenset()
    first: tuple[Fault, ...] = ()
    _armed: list[Armed] = field(default_factory=list)
    _sessions: dict[str, int] = field(default_factory=dict)
    _first_without: frozenset[str] = field(default=frozenset(), init=False)

    def __post_init__(self) -> None:
        self._armed = [Armed(fault) for fault in self.first]
        self._first_without = self.without

    def reset(self) -> None:
        """Return to the plan and the capabilities of the start; sessions count from 1 again."""
        self._sessions.clear()
        self.set_plan(self.first)
        self.switch_off(self._first_without)

    def set_plan(self, plan: Iterable[Fault]) -> None:
        """Replace the plan; all counts begin anew."""
        self._armed = [Armed(fault) for fault in plan]
        self.changes.tell("faults", faults=len(self._armed))

    def add(self, fault: Fault) -> None:
        """Add a fault at the end of the plan."""
        self._armed.append(Armed(fault))
        self.changes.tell("faults", faults=len(self._armed))

    def switch_off(self, names: Iterable[str]) -> None:
        """Replace the capabilities that no session offers.

        Sessions that are open see it with their next command, but for what their greeting settled:
        LITERAL+, ENHANCEDSTATUSCODES and APOP.
        """
        self.without = frozenset(name.upper() for name in names)
        self.changes.tell("capabilities", without=sorted(self.without))

    @property
    def armed(self) -> list[Armed]:
        """The faults of the plan with their counts, in their order."""
        return list(self._armed)

    @property
    def plan(self) -> list[Fault]:
        """The plan as it is."""
        return [armed.fault for armed in self._armed]

    def session(self, protocol: str, stream: Stream) -> SessionFaults:
        """Return one session's view; asked again for the same stream it is the same session.

        Args:
            protocol: `smtp`, `submission`, `pop3`, `imap`.
            stream: What the session was given.
        """
        if isinstance(stream, FaultyStream):
            return cast("SessionFaults", stream.owner)
        self._sessions[protocol] = self._sessions.get(protocol, 0) + 1
        faulty = FaultyStream(stream)
        view = SessionFaults(self, protocol, self._sessions[protocol], faulty)
        faulty.owner = view
        return view

    def due(
        self, protocol: str, session: int, command: str, argument: str, user: str
    ) -> list[Fault]:
        """Count a moment of a session, and return the faults that hit it, in their order."""
        due = []
        for armed in self._armed:
            fault = armed.fault
            if fault.fits(protocol, session, command, argument, user):
                armed.seen += 1
                last = None if fault.times is None else fault.nth + fault.times - 1
                if armed.seen >= fault.nth and (last is None or armed.seen <= last):
                    armed.hits += 1
                    due.append(fault)
                    self.changes.tell(
                        "fault", protocol=protocol, session=session, command=command, user=user
                    )
        return due

    @property
    def is_empty(self) -> bool:
        """Whether nothing is planned."""
        return not self._armed


class SessionFaults:
    """What goes wrong in one session.

    Attributes:
        stream: To be used in place of the session's stream.
        takes_message: A message is coming in: the session may end it, should the server stop.
    """

    def __init__(self, faults: Faults, protocol: str, number: int, stream: FaultyStream) -> None:
        self._faults = faults
        self._protocol = protocol
        self._number = number
        self._hidden: set[str] = set()
        self._user = ""
        self.stream = cast("Stream", stream)
        self.takes_message = False
        self._faulty = stream

    @property
    def is_idle(self) -> bool:
        """Whether the session only waits for its client's next command."""
        return self._faulty.is_waiting and not self.takes_message

    @property
    def hides_any(self) -> bool:
        """Whether this session lacks any capability."""
        return bool(self._hidden or self._faults.without)

    def hides(self, capability: str) -> bool:
        """Whether this session does not offer a capability, for itself or as no session does."""
        name = capability.upper()
        return name in self._hidden or name in self._faults.without

    async def connect(self) -> None:
        """To be awaited before TLS and greeting."""
        await self._hit(CONNECT, "", "")

    async def greeting(self) -> bytes | None:
        """To be awaited before the greeting; octets are sent instead of it."""
        return await self._hit(GREETING, "", "")

    async def command(
        self, verb: str, argument: str, *, user: str | None = None, tag: str = ""
    ) -> bytes | None:
        """To be awaited before a command is executed; octets are sent instead of executing it.

        Args:
            verb: In any case; `UID FETCH` for IMAP's UID commands.
            argument: As a person would write it; secrets left out.
            user: Who is logged in, or None.
            tag: Of an IMAP command: a reply gets it.

        Raises:
            ClosedError: The plan ended the connection.
        """
        return await self._hit(verb, argument, tag, user or "")

    async def _hit(self, verb: str, argument: str, tag: str, user: str = "") -> bytes | None:
        if self._faults.is_empty:
            return None
        self._user = user or self._user
        reply = None
        for fault in self._faults.due(self._protocol, self._number, verb, argument, self._user):
            answer = await self._do(fault, tag)
            reply = answer if answer is not None else reply
        return reply

    async def _do(self, fault: Fault, tag: str) -> bytes | None:
        if fault.delay_s:
            await self._faults.clock.sleep(fault.delay_s)
        await self._change_the_store(fault)
        self._hidden.update(name.upper() for name in fault.hide)
        if fault.certificate is not None and self._faults.effects is not None:
            self._faulty.other_tls = self._faults.effects.wrong_certificate()
        if fault.dribble:
            self._faulty.dribbles = True
        if fault.inject:
            await self._faulty.send(fault.inject)
        if fault.cut is not None:
            self._faulty.left = fault.cut
        if fault.bye:
            await self._faulty.send(_goodbye(self._protocol))
        if fault.drop or fault.bye:
            await self._faulty.aclose()
            raise ClosedError("The fault plan closed the connection.", code="closed")
        if fault.reset:
            self._faulty.reset()
            raise ClosedError("The fault plan reset the connection.", code="reset")
        if fault.stall:
            await self._stall()
        return None if fault.reply is None else _reply(self._protocol, fault.reply, tag)

    async def _stall(self) -> None:
        """Answer nothing more, until the client gives up."""
        octets = b"?"
        while octets:
            octets = await self._faulty.read()
        await self._faulty.aclose()
        raise ClosedError("The client gave up a stalled session.", code="closed")

    async def _change_the_store(self, fault: Fault) -> None:
        effects = self._faults.effects
        if effects is None:
            return
        user = fault.user or self._user
        if fault.quota_full is not None:
            effects.set_full(user, fault.quota_full)
        if fault.expunge and user:
            await effects.expunge(user, fault.expunge)
        if fault.uidvalidity and user:
            await effects.new_uidvalidity(user)


def _reply(protocol: str, text: str, tag: str) -> bytes:
    octets = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    if protocol == "imap" and not octets.startswith((b"* ", b"+ ")):
        octets = (tag.encode() or b"*") + b" " + octets
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


def _goodbye(protocol: str) -> bytes:
    if protocol == "imap":
        return b"* BYE The server is going away.\r\n"
    if protocol == "pop3":
        return b"-ERR [SYS/TEMP] The server is going away.\r\n"
    return b"421 4.3.2 The server is going away.\r\n"
