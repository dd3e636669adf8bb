"""What was learned about the servers of an account; what got worse since stops, and asks.

Each question is stored once for a side of an account, and takes itself back when a login works.
"""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec

from desktopmail.door.interface import DoorError
from desktopmail.engine.certificates import advice, difference
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import question
from desktopmail.net.endpoint import join_host_port
from desktopmail.wire.sasl.policy import Exposure, is_worse

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.commands import ServerSettings
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.question import Question
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.errors import NetError, TlsError
    from desktopmail.net.ports import Clock
    from desktopmail.wire.sasl.policy import Choice

Side = Literal["incoming", "outgoing"]

#: The kinds of questions, each followed by the side it is about.
CERTIFICATE, DOWNGRADE, PASSWORD = "certificate", "downgrade", "password"
KINDS = (CERTIFICATE, DOWNGRADE, PASSWORD)
#: Errors of TLS that a pin on the one certificate would mend.
MENDED_BY_A_PIN = frozenset({"tls-certificate", "tls-name", "tls-expired", "tls-pin"})
_STOP, _LATER = "stop", "later"
_ACCEPT = "accept-"
#: Answers after which nothing is tried until the person asks for it.
LEAVES_IT = frozenset({_STOP, _LATER})


class Trust:
    """Remembers, compares and asks.

    Args:
        store: Where it is remembered.
        clock: For the date of a question.

    Attributes:
        taken_back: Called when a login for fetching took the question about its password back:
            the login for sending may have waited for the same answer.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.taken_back: Callable[[AccountId], None] | None = None

    async def learn(
        self, account: Account, side: Side, choice: Choice | None, certificate: bytes | None
    ) -> None:
        """A login has worked: remember how, and take questions about it back."""
        was_asked = await self._store.write(partial(_learn, account, side, choice, certificate))
        if was_asked and side == "incoming" and self.taken_back is not None:
            self.taken_back(account.id)

    async def certificate(
        self, account: Account, side: Side, error: TlsError, der: bytes
    ) -> DoorError:
        """Ask about a certificate that is not to be trusted; returns what stops the connection."""
        server = account.server(side)
        where = join_host_port(server.host, server.port)
        known = account.learned.certificates.get(where)
        before = base64.b64decode(known) if known else None
        changed = " It is another one than before." if before not in {None, der} else ""
        text = f"{error.sentence}{changed}\n{difference(before, der)}\n{advice(where)}"
        choices = (
            (_STOP, "Do not connect"),
            (
                _ACCEPT + hashlib.sha256(der).hexdigest(),
                f"Accept this one certificate for {where}",
            ),
        )
        await self._ask(account, CERTIFICATE, side, text, choices)
        return DoorError(
            f"{error.sentence}{changed}",
            remedy="Nothing was sent. Each try shows the certificate, and asks about it.",
            code="certificate",
        )

    async def downgrade(self, account: Account, side: Side, choice: Choice) -> DoorError:
        """Ask about a login that exposes more than the last one; returns what stops it."""
        server = account.server(side)
        where = join_host_port(server.host, server.port)
        sentence = (
            f"{where} offers only {choice.mechanism} now, which gives away more than the last login"
            f" did: {choice.exposure.value}."
        )
        choices = (
            (_STOP, "Do not log in"),
            (_ACCEPT + choice.exposure.name, "Log in like that from now on"),
        )
        text = f"{sentence}\nSomebody may be between you and the server, or it was set up anew."
        await self._ask(account, DOWNGRADE, side, text, choices)
        return DoorError(
            sentence,
            remedy="Nothing was sent. Ask the provider; each try asks whether to log in like that.",
            code="downgrade",
        )

    async def password_refused(
        self, account: Account, side: Side, error: NetError, *, is_shared: bool
    ) -> None:
        """Ask for another password, once; what waits to be sent goes on waiting.

        Args:
            account: Whose login it was.
            side: Which of its servers refused it.
            error: What the server said.
            is_shared: The other server takes the same one: who is asked for both is asked once.
        """
        choices = (
            (_LATER, "I will give another one"),
            ("retry", "Try it again as it is"),
        )
        kept = f"What waits for {account.name} is kept."
        text = "\n".join(line for line in (error.sentence, error.remedy, kept) if line)
        await self._ask(account, PASSWORD, side, text, choices, is_shared=is_shared)

    async def _ask(
        self,
        account: Account,
        kind: str,
        side: Side,
        text: str,
        choices: tuple[tuple[str, str], ...],
        *,
        is_shared: bool = False,
    ) -> None:
        asked_s = self._clock.now().timestamp()

        def step(tx: Transaction) -> None:
            if is_shared and side == "outgoing":
                if question.stands(tx, f"{kind}-incoming", account.id):
                    return
            elif is_shared:
                settle(tx, account.id, "outgoing", (kind,))
            question.renew(
                tx,
                f"{kind}-{side}",
                text,
                choices,
                account_id=account.id,
                subject_id=account.id,
                asked_s=asked_s,
            )

        await self._store.write(step)


def exposes_more(account: Account, side: Side, choice: Choice) -> bool:
    """Whether a login gives away more than the last one to the same server did."""
    server = account.server(side)
    name = account.learned.exposures.get(join_host_port(server.host, server.port), "")
    known = Exposure.__members__.get(name)
    return known is not None and is_worse(choice.exposure, known)


def settle(tx: Transaction, account_id: int, side: Side, kinds: tuple[str, ...] = KINDS) -> None:
    """Take the questions about one side of an account back."""
    for kind in kinds:
        question.settle(tx, f"{kind}-{side}", account_id)


def decide(tx: Transaction, asked: Question, choice: str, now_s: float) -> None:
    """Do what a person decided about a certificate, a downgrade or a refused password."""
    del now_s
    kind, _, word = asked.kind.rpartition("-")
    if asked.account_id is None or not choice.startswith(_ACCEPT):
        return
    side: Side = "outgoing" if word == "outgoing" else "incoming"
    account = accounts.get(tx, asked.account_id)
    server = account.server(side)
    accepted = choice.removeprefix(_ACCEPT)
    if kind == CERTIFICATE:
        pinned = msgspec.structs.replace(server, pins=(accepted,))
        accounts.set_server(tx, account.id, side, pinned)
    elif kind == DOWNGRADE:
        accounts.learn(tx, account.id, _with(account, server, exposure=accepted))


def _learn(
    account: Account,
    side: Side,
    choice: Choice | None,
    certificate: bytes | None,
    tx: Transaction,
) -> bool:
    """Do what `Trust.learn` says; returns whether a question about the password is taken back."""
    was_asked = question.stands(tx, f"{PASSWORD}-{side}", account.id)
    settle(tx, account.id, side)
    now = accounts.get(tx, account.id)
    learned = _with(
        now,
        account.server(side),
        exposure=choice.exposure.name if choice is not None else None,
        certificate=base64.b64encode(certificate).decode() if certificate else None,
    )
    if learned != now.learned:
        accounts.learn(tx, account.id, learned)
    return was_asked


def _with(
    account: Account,
    server: ServerSettings,
    *,
    exposure: str | None = None,
    certificate: str | None = None,
) -> accounts.Learned:
    where = join_host_port(server.host, server.port)
    learned = account.learned
    exposures = {**learned.exposures, where: exposure} if exposure else learned.exposures
    certificates = (
        {**learned.certificates, where: certificate} if certificate else learned.certificates
    )
    return msgspec.structs.replace(learned, exposures=exposures, certificates=certificates)
