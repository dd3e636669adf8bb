"""The envelope of one message: MAIL and RCPT in few round trips, and what was said to each."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from desktopmail.net.errors import RefusedError
from desktopmail.net.identity import to_a_label
from desktopmail.net.smtp_dialogue import COMMAND_S, FINAL_S
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.smtp.control import Data, Rset
from desktopmail.wire.smtp.mail import Body, Mail
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import Reply, reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from desktopmail.net.smtp_delivery import SendOptions
    from desktopmail.net.smtp_dialogue import Dialogue

_GROUP: Final = 100  # commands written before their replies are read


class Envelope:
    """Tells the server from whom and to whom; `write` and then `settle`, each once.

    Args:
        dialogue: The connection.
        sender: As `SmtpClient.send` takes it.
        recipients: Likewise.
        message: Its octets, or None where they come as a stream.
        size: Octets of the message, where known.
        options: What is to be said about it.

    Attributes:
        results: What was said to each recipient, by its index.
        go: The reply to a DATA that went out with the envelope.

    Raises:
        RefusedError: The server cannot take such a message; nothing was sent.
        LocalProtocolError: It is none that can be sent.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        sender: str,
        recipients: Sequence[str],
        message: bytes | None,
        size: int | None,
        options: SendOptions,
    ) -> None:
        self._dialogue = dialogue
        self._wire = dialogue.wire
        self.results: dict[int, Reply] = {}
        self.go: Reply | None = None
        if not recipients:
            raise LocalProtocolError("the message has no recipients")
        if options.requiretls and options.tls_optional:
            raise LocalProtocolError("TLS cannot be both required and optional (RFC 8689)")
        extensions = self._wire.extensions
        self._pipelining = "PIPELINING" in extensions
        self.chunking = options.body is Body.BINARY or (
            options.chunking and "CHUNKING" in extensions
        )
        mail, commands = self._commands(sender, recipients, message, size, options)
        self._refuse_too_large(size)
        self._asked = deque(range(len(commands)))  # indices of recipients without a reply
        if extensions.limits:
            commands = self._within_limits(commands)
        self._queue = deque[Mail | Rcpt | Data | Rset]([mail, *commands])
        if self._pipelining and not self.chunking and not self._wire.lmtp:
            # "the DATA command … as the last command in a group" saves a round trip (RFC 2920).
            self._queue.append(Data())
        self._begun = False
        self._written = 0  # commands of this group
        self._fault: LocalProtocolError | None = None

    def write(self, *, behind: bool = False) -> None:
        """Write the first group of commands.

        Args:
            behind: The message before is still without its reply.
        """
        if behind and self.chunking:
            # "The state resulting from this error is indeterminate. A RSET command MUST be sent"
            # (RFC 3030 section 2): a chunk may yet be refused. A final dot always ends it.
            self._queue.appendleft(Rset())
        self._write_group()

    async def settle(self) -> Reply | None:
        """Read the replies, writing what is left of the envelope.

        Returns:
            The reply that ends the attempt, or None when at least one recipient is left.

        Raises:
            LocalProtocolError: A command needs what the server does not offer. The connection is as
                it was before `write`.
            NetError: The connection ended.
        """
        refused: Reply | None = None
        while True:
            refused = await self._read_group()
            if refused is not None or self._fault is not None or not self._queue:
                break
            self._write_group()
        if self._fault is not None:
            if self._begun:
                await self._dialogue.ask(Rset())
            raise self._fault
        if refused is None and any(result.positive for result in self.results.values()):
            return None
        if self.go is not None and self.go.intermediate:
            # No recipient is left, but the server waits: a lone dot it is (RFC 2920 section 3.1).
            self._wire.end_data()
            await self._dialogue.answer(FINAL_S, "a message for nobody")
        return refused or self.results[0]

    def _write_group(self) -> None:
        send, queue = self._wire.send, self._queue
        count = min(_GROUP, len(queue)) if self._pipelining else 1
        self._written = 0
        try:
            while self._written < count:
                send(queue[0])
                queue.popleft()
                self._written += 1
                self._begun = True
        except LocalProtocolError as error:
            self._fault = error  # told when the replies to what went out before have come

    async def _read_group(self) -> Reply | None:
        refused: Reply | None = None
        results = self.results
        for _ in range(self._written):
            answer = await self._dialogue.answer(COMMAND_S, "the envelope")
            kind = type(answer.command)
            if kind is Rcpt:
                results[self._asked.popleft()] = answer.reply
            elif kind is Data:
                self.go = answer.reply
            elif kind is Mail and not answer.reply.positive:
                refused = answer.reply
        return refused

    # -- what is said

    def _within_limits(self, commands: list[Rcpt]) -> list[Rcpt]:
        """Keep those that the server's LIMITS allow; the others have their reply already."""
        admitted = self._wire.admits([command.recipient for command in commands])
        self._asked = deque(index for index, fits in enumerate(admitted) if fits)
        for index, fits in enumerate(admitted):
            if not fits:
                self.results[index] = reply(452, "More recipients than LIMITS allows", "4.5.3")
        return [commands[index] for index in self._asked]

    def _commands(
        self,
        sender: str,
        recipients: Sequence[str],
        message: bytes | None,
        size: int | None,
        options: SendOptions,
    ) -> tuple[Mail, list[Rcpt]]:
        extensions = self._wire.extensions
        reverse = self._mailbox(sender) if sender else None
        mailboxes = [self._mailbox(recipient) for recipient in recipients]
        dsn = "DSN" in extensions
        mail = Mail(
            reverse,
            size=size if "SIZE" in extensions else None,
            body=self._body(message, options.body),
            smtputf8=self._smtputf8(reverse, mailboxes, message, wanted=options.smtputf8),
            ret=options.ret if dsn else None,
            envid=options.envid if dsn else None,
            requiretls=options.requiretls,
            auth=options.auth if "AUTH" in extensions else None,
        )
        if not dsn:
            return mail, [Rcpt(mailbox) for mailbox in mailboxes]
        return mail, [
            Rcpt(
                mailbox,
                options.notify_each.get(recipient, options.notify),
                options.original.get(recipient),
            )
            for recipient, mailbox in zip(recipients, mailboxes, strict=True)
        ]

    def _smtputf8(
        self,
        sender: Mailbox | None,
        recipients: list[Mailbox],
        message: bytes | None,
        *,
        wanted: bool | None,
    ) -> bool:
        offered = "SMTPUTF8" in self._wire.extensions
        if wanted is None:
            wanted = (sender is not None and not sender.ascii) or not all(
                recipient.ascii for recipient in recipients
            )
            if not wanted and offered and message is not None:
                end = message.find(b"\r\n\r\n")
                wanted = not (message if end < 0 else message[:end]).isascii()
        if wanted and not offered:
            raise RefusedError(
                f"{self._dialogue.authority} cannot take addresses beyond ASCII.",
                reply=reply(553, "The server does not offer SMTPUTF8", "5.6.7"),
                remedy="Ask the recipient for an address in ASCII.",
                code="smtputf8",
            )
        return wanted

    def _mailbox(self, text: str) -> Mailbox:
        if text.lower() == "postmaster":
            return Mailbox(text, "")
        try:
            mailbox = Mailbox.parse(text)
        except ValueError as error:
            raise RefusedError(
                f"“{text}” is no mail address: {error}",
                reply=reply(501, str(error), "5.1.3"),
                code="address",
            ) from error
        if mailbox.local.isascii() and not mailbox.domain.isascii():
            # Such an address needs no SMTPUTF8: the domain has an ASCII form.
            return Mailbox(mailbox.local, to_a_label(mailbox.domain))
        return mailbox

    def _body(self, message: bytes | None, wanted: Body | None) -> Body | None:
        if wanted is None:
            # Without 8BITMIME the octets go out as they are: the caller converted what can be
            # (`mime.seven_bit`), and to recode a signed message would break it.
            if "8BITMIME" not in self._wire.extensions:
                return None
            if message is not None and message.isascii():
                return None
            return Body.EIGHT_BIT
        return wanted

    def _refuse_too_large(self, size: int | None) -> None:
        most = self._wire.extensions.size
        if most is None or size is None or size <= most:
            return
        raise RefusedError(
            f"The message has {size:,} octets; {self._dialogue.authority} takes at most {most:,}.",
            reply=reply(552, "The message is larger than the server takes", "5.3.4"),
            remedy="Send a smaller one, or a link to the attachment.",
            code="too-large",
        )
