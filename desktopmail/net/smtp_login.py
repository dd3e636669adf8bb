"""Logging in by SMTP: SASL over AUTH (RFC 4954)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.sasl import MechanismRefusedError
from desktopmail.net.smtp_dialogue import COMMAND_S
from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse, decode_base64
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.reply import Reply, reply

if TYPE_CHECKING:
    from desktopmail.net.smtp_dialogue import Dialogue


class Carrier:
    """Carries a SASL exchange over AUTH (RFC 4954)."""

    sends_initial = True

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    async def begin(self, mechanism: str, initial: bytes | None, mask: str) -> bytes | None:
        """Send AUTH; returns the challenge, or None at the end."""
        command = Auth(mechanism, initial, mask)
        try:
            return await self._exchange(command)
        except LocalProtocolError:
            # A token longer than the line allows goes behind an empty challenge instead; if the
            # response is too long as well, that one raises.
            if initial is None:
                raise
        await self._exchange(Auth(mechanism))
        return await self.answer(initial, mask)

    async def answer(self, response: bytes, mask: str) -> bytes | None:
        """Send a response; returns the next challenge, or None at the end."""
        return await self._exchange(AuthResponse(response, mask))

    async def cancel(self) -> None:
        """Give the exchange up and wait for the refusal."""
        dialogue = self._dialogue
        dialogue.wire.send(AuthCancel())
        await dialogue.answer(COMMAND_S, "AUTH")

    async def _exchange(self, command: Auth | AuthResponse) -> bytes | None:
        dialogue = self._dialogue
        dialogue.masked = True
        try:
            answer = (await dialogue.ask(command)).reply
        finally:
            dialogue.masked = False
        challenge = _challenge(answer)
        self._record(answer, challenge)
        if answer.code == 235:
            return None
        if challenge is not None:
            return challenge
        if answer.code == 334:
            raise RemoteProtocolError("a challenge that is not base64")
        raise MechanismRefusedError(
            str(answer),
            unavailable=answer.code in {504, 534, 538} or str(answer.enhanced) == "5.7.9",
            temporary=answer.temporary,
        )

    def _record(self, answer: Reply, challenge: bytes | None) -> None:
        recorder = self._dialogue.recorder
        if recorder is None:
            return
        secret = challenge is not None and challenge.startswith(b"v=")
        shown = reply(334, "<server signature>") if secret else answer
        recorder.record("S", shown.encode())


def _challenge(answer: Reply) -> bytes | None:
    if answer.code != 334:
        return None
    try:
        return decode_base64(answer.text.encode())
    except CommandError:
        return None
