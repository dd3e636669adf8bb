"""SCRAM: both sides prove that they know the password, and neither sends it (RFC 5802, 7677).

PBKDF2 takes tens of milliseconds, so the client machine does not compute it: it asks for it with
`DeriveKey`, and the pump answers from a thread. Nonces and channel bindings are arguments.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.client import ClientMechanism, DeriveKey
from desktopmail.wire.sasl.saslprep import saslprep
from desktopmail.wire.sasl.server import (
    Challenge,
    Failure,
    NeedScram,
    ScramVerifier,
    ServerMechanism,
    Step,
    Success,
)
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from typing import Final

HASHES: Final = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}  # strongest first
PLUS: Final = "-PLUS"

# A server that asks for fewer makes guessing cheap for whoever listens (RFC 7677 section 4); one
# that asks for more than two million keeps a core busy for seconds.
MIN_ITERATIONS: Final = 4096
MAX_ITERATIONS: Final = 2_000_000
MAX_MESSAGE_OCTETS: Final = 8192


@dataclass(frozen=True, slots=True)
class ChannelBinding:
    """What ties an authentication to one TLS connection (RFC 5929, 9266).

    Attributes:
        kind: `tls-server-end-point`, `tls-exporter`, …
        octets: The binding data, from the TLS layer.
    """

    kind: str
    octets: bytes


# RFC 5802 section 7
# saslname         = 1*(value-safe-char / "=2C" / "=3D")
# gs2-cbind-flag   = ("p=" cb-name) / "n" / "y"
# gs2-header       = gs2-cbind-flag "," [ authzid ] ","
# client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
# server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
# client-final-message = channel-binding "," nonce ["," extensions] "," proof
# server-final-message = (server-error / verifier) ["," extensions]
# printable        = %x21-2B / %x2D-7E
_NONCE = rb"[\x21-\x2b\x2d-\x7e]+"
_VALUE = rb"[^,\0]+"
_BASE64 = rb"[A-Za-z0-9+/]+={0,2}"
_EXTENSIONS = rb"(?:,[A-Za-z]=" + _VALUE + rb")*"
_CLIENT_FIRST = re.compile(
    rb"(?P<gs2>(?P<flag>n|y|p=(?P<kind>[A-Za-z0-9.-]+)),(?:a=(?P<authzid>" + _VALUE + rb"))?,)"
    rb"(?P<bare>n=(?P<user>" + _VALUE + rb"),r=(?P<nonce>" + _NONCE + rb")" + _EXTENSIONS + rb")"
)
_SERVER_FIRST = re.compile(
    rb"r=(?P<nonce>"
    + _NONCE
    + rb"),s=(?P<salt>"
    + _BASE64
    + rb"),i=(?P<count>[1-9][0-9]{0,9})"
    + _EXTENSIONS
)
_CLIENT_FINAL = re.compile(
    rb"(?P<unproved>c=(?P<binding>"
    + _BASE64
    + rb"),r=(?P<nonce>"
    + _NONCE
    + rb")"
    + _EXTENSIONS
    + rb"),p=(?P<proof>"
    + _BASE64
    + rb")"
)
_SERVER_FINAL = re.compile(
    rb"(?:v=(?P<signature>" + _BASE64 + rb")|e=(?P<error>" + _VALUE + rb"))" + _EXTENSIONS
)


def derive_key(request: DeriveKey) -> bytes:
    """Compute SaltedPassword; slow on purpose, so call it in a thread."""
    password = request.password.reveal().encode()
    return hashlib.pbkdf2_hmac(request.hash_name, password, request.salt, request.iterations)


def make_verifier(
    password: Secret, hash_name: str, salt: bytes, iterations: int = MIN_ITERATIONS
) -> ScramVerifier:
    """Return what a server keeps of a new password; slow on purpose, so call it in a thread.

    Raises:
        ValueError: SASLprep prohibits the password.
    """
    prepared = Secret(saslprep(password.reveal(), stored=True))
    salted = derive_key(DeriveKey(hash_name, prepared, salt, iterations))
    stored_key = hashlib.new(hash_name, _hmac(hash_name, salted, b"Client Key")).digest()
    return ScramVerifier(
        hash_name, salt, iterations, stored_key, _hmac(hash_name, salted, b"Server Key")
    )


class ScramClient(ClientMechanism):
    """The client of all four mechanisms.

    Args:
        name: `SCRAM-SHA-256`, `SCRAM-SHA-1`, or one of them with `-PLUS`.
        user: Prepared here by SASLprep.
        password: Prepared here by SASLprep.
        nonce: At least 18 fresh random octets in a printable form without comma.
        binding: For -PLUS, the data to bind to.
        could_bind: Without -PLUS: True says "I could have bound, but you did not offer it" (flag
            `y`), which lets a server find out that somebody removed its offer. Never True after our
            -PLUS was
            refused: the server did offer it, and would have to take the `y` for an attack.
        authzid: Identity to act as, or empty.

    Raises:
        LocalProtocolError: SASLprep prohibits name or password, or -PLUS has no binding.
    """

    def __init__(
        self,
        name: str,
        user: str,
        password: Secret,
        nonce: str,
        *,
        binding: ChannelBinding | None = None,
        could_bind: bool = False,
        authzid: str = "",
    ) -> None:
        super().__init__(name)
        plus = name.endswith(PLUS)
        if plus and binding is None:
            raise LocalProtocolError(f"{name} needs the channel binding of a TLS connection")
        if not re.fullmatch(_NONCE, nonce.encode()):
            raise LocalProtocolError("a SCRAM nonce is printable, without comma")
        try:
            prepared_user, prepared_password = saslprep(user), saslprep(password.reveal())
            prepared_authzid = saslprep(authzid)
        except ValueError as error:
            raise LocalProtocolError(str(error)) from error
        if not prepared_user or not prepared_password:
            raise LocalProtocolError(f"{name} needs a user name and a password")
        self._hash = HASHES[name.removesuffix(PLUS)]
        self._password = Secret(prepared_password)
        self._nonce = nonce.encode()
        if plus and binding is not None:
            flag, data = f"p={binding.kind}", binding.octets
        else:
            flag, data = ("y" if could_bind else "n"), b""
        gs2_authzid = f"a={_escape(prepared_authzid)}" if authzid else ""
        self._gs2 = f"{flag},{gs2_authzid},".encode()
        self._bound = base64.b64encode(self._gs2 + data)
        self._bare = f"n={_escape(prepared_user)},r={nonce}".encode()
        self._answered = 0
        self._server_first = self._unproved = b""
        self._signature: bytes | None = None
        self._server_proved = False

    def initial_response(self) -> bytes:
        """Return client-first-message."""
        return self._gs2 + self._bare

    def respond(self, challenge: bytes) -> bytes | DeriveKey:
        """Answer server-first-message with a `DeriveKey`, server-final-message with nothing."""
        if len(challenge) > MAX_MESSAGE_OCTETS:
            raise RemoteProtocolError("SCRAM message too long", limit="MAX_MESSAGE_OCTETS")
        self._answered += 1
        if self._answered == 1:
            return self._take_server_first(challenge)
        if self._answered == 2 and self._signature is not None:
            self._take_server_final(challenge)
            return b""
        raise RemoteProtocolError(f"{self.name} has two challenges; another one came")

    def key_derived(self, key: bytes) -> bytes:
        """Return client-final-message."""
        client_key = _hmac(self._hash, key, b"Client Key")
        stored_key = hashlib.new(self._hash, client_key).digest()
        proved = b",".join((self._bare, self._server_first, self._unproved))
        proof = _xor(client_key, _hmac(self._hash, stored_key, proved))
        self._signature = _hmac(self._hash, _hmac(self._hash, key, b"Server Key"), proved)
        return self._unproved + b",p=" + base64.b64encode(proof)

    def finish(self) -> None:
        """Refuse a server that did not prove that it knows the password too."""
        if not self._server_proved:
            raise RemoteProtocolError(
                f"the server accepted {self.name} without proving that it knows the password"
            )

    def is_secret(self, challenge: bytes) -> bool:
        """Tell whether it is the server's signature: with it a password can be guessed offline."""
        return challenge.startswith(b"v=")

    def _take_server_first(self, message: bytes) -> DeriveKey:
        match = _SERVER_FIRST.fullmatch(message)
        if match is None:
            raise RemoteProtocolError("no SCRAM server-first-message, or one with extensions")
        nonce = match["nonce"]
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise RemoteProtocolError("the server did not lengthen our SCRAM nonce")
        iterations = int(match["count"])
        if iterations < MIN_ITERATIONS:
            raise RemoteProtocolError(
                f"{iterations} SCRAM iterations make the password easy to guess",
                limit="MIN_ITERATIONS",
            )
        if iterations > MAX_ITERATIONS:
            raise RemoteProtocolError(f"{iterations} SCRAM iterations", limit="MAX_ITERATIONS")
        salt = _unbase64(match["salt"])
        if salt is None:
            raise RemoteProtocolError("the SCRAM salt is not base64")
        self._server_first = message
        self._unproved = b"c=" + self._bound + b",r=" + nonce
        return DeriveKey(self._hash, self._password, salt, iterations)

    def _take_server_final(self, message: bytes) -> None:
        match = _SERVER_FINAL.fullmatch(message)
        if match is None:
            raise RemoteProtocolError("no SCRAM server-final-message")
        if match["error"] is not None:
            self.explanation = match["error"].decode("utf-8", "replace")
            return
        signature = _unbase64(match["signature"])
        if signature is None or not hmac.compare_digest(signature, self._signature or b""):
            raise RemoteProtocolError("the server's SCRAM signature is wrong: not the real server?")
        self._server_proved = True


class ScramServer(ServerMechanism):
    """The server of all four mechanisms.

    Args:
        name: `SCRAM-SHA-256`, `SCRAM-SHA-1`, or one of them with `-PLUS`.
        nonce: At least 18 fresh random octets in a printable form without comma.
        bindings: Every binding of this TLS connection; empty without TLS.
        offers_plus: We offered the -PLUS sibling, so a client that says `y` was lied to.
        decoy_key: Secret of this server, from which unknown users get a salt that stays the same.
        decoy_iterations: What unknown users get; give the count that known ones have.
    """

    def __init__(
        self,
        name: str,
        nonce: str,
        *,
        bindings: tuple[ChannelBinding, ...] = (),
        offers_plus: bool = False,
        decoy_key: bytes = b"",
        decoy_iterations: int = MIN_ITERATIONS,
    ) -> None:
        super().__init__(name)
        self._hash = HASHES[name.removesuffix(PLUS)]
        self._nonce = nonce.encode()
        self._bindings = {binding.kind: binding.octets for binding in bindings}
        self._offers_plus = offers_plus
        self._decoy_key, self._decoy_iterations = decoy_key, decoy_iterations
        self._user = self._authzid = ""
        self._bare = self._server_first = self._bound = b""
        self._verifier: ScramVerifier | None = None
        self._known = False
        self._proved = False

    def step(self, response: bytes) -> Step:
        """Take client-first-message, then client-final-message, then the empty consent."""
        if len(response) > MAX_MESSAGE_OCTETS:
            return Failure("SCRAM message too long", malformed=True, user=self._user)
        if self._proved:
            if response:
                return Failure("octets after the end of SCRAM", malformed=True, user=self._user)
            return Success(self._user, self._authzid)
        if self._verifier is None:
            return self._take_client_first(response)
        return self._take_client_final(response, self._verifier)

    def scram_found(self, verifier: ScramVerifier | None) -> Step:
        """Send server-first-message; users that do not exist get one that looks like any other."""
        self._known = verifier is not None
        chosen = verifier or self._decoy()
        if chosen.hash_name != self._hash:
            raise LocalProtocolError(f"a verifier for {self._hash} was needed")
        self._verifier = chosen
        salt = base64.b64encode(chosen.salt)
        self._server_first = b"r=%b,s=%b,i=%d" % (self._nonce, salt, chosen.iterations)
        return Challenge(self._server_first)

    def _take_client_first(self, message: bytes) -> Step:
        match = _CLIENT_FIRST.fullmatch(message)
        user = _unescape(match["user"]) if match else None
        authzid = _unescape(match["authzid"] or b"") if match else None
        if match is None or user is None or authzid is None:
            return Failure("no SCRAM client-first-message", malformed=True)
        try:
            self._user, self._authzid = saslprep(user), saslprep(authzid)
        except ValueError as error:
            return Failure(str(error), malformed=True)
        refused = self._binding_refused(match["flag"], match["kind"])
        if refused is not None:
            return Failure(refused, user=self._user)
        octets = self._bindings[match["kind"].decode()] if match["kind"] else b""
        self._bound = match["gs2"] + octets
        self._bare = match["bare"]
        self._nonce = match["nonce"] + self._nonce
        return NeedScram(self._user, self._hash)

    def _binding_refused(self, flag: bytes, kind: bytes | None) -> str | None:
        # RFC 5802 section 6, the server's steps.
        plus = self.name.endswith(PLUS)
        if flag == b"y" and self._offers_plus:
            return "somebody removed -PLUS from our offer: the client could have bound"
        if kind is None:
            return f"{self.name} without channel binding" if plus else None
        if not plus:
            return f"{self.name} with channel binding"
        if kind.decode() not in self._bindings:
            return f"channel binding {kind.decode()} is not supported"
        return None

    def _take_client_final(self, message: bytes, verifier: ScramVerifier) -> Step:
        match = _CLIENT_FINAL.fullmatch(message)
        proof = _unbase64(match["proof"]) if match else None
        bound = _unbase64(match["binding"]) if match else None
        if match is None or proof is None or bound is None:
            return Failure("no SCRAM client-final-message", malformed=True, user=self._user)
        if match["nonce"] != self._nonce:
            return Failure("the SCRAM nonce changed", malformed=True, user=self._user)
        proved = b",".join((self._bare, self._server_first, match["unproved"]))
        signature = _hmac(self._hash, verifier.stored_key, proved)
        client_key = _xor(proof, signature) if len(proof) == len(signature) else b""
        stored_key = hashlib.new(self._hash, client_key).digest()
        if not hmac.compare_digest(stored_key, verifier.stored_key) or not self._known:
            return Failure("wrong name or password", user=self._user)
        if bound != self._bound:
            return Failure("the channel binding is another: somebody is between", user=self._user)
        self._proved = True
        return Challenge(b"v=" + base64.b64encode(_hmac(self._hash, verifier.server_key, proved)))

    def _decoy(self) -> ScramVerifier:
        def octets(purpose: bytes) -> bytes:
            return _hmac(self._hash, self._decoy_key, purpose + self._user.encode())

        return ScramVerifier(
            self._hash, octets(b"salt")[:16], self._decoy_iterations, octets(b"key"), octets(b"own")
        )


def _hmac(hash_name: str, key: bytes, octets: bytes) -> bytes:
    return hmac.digest(key, octets, hash_name)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _unbase64(octets: bytes) -> bytes | None:
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error:
        return None


def _escape(name: str) -> str:
    return name.replace("=", "=3D").replace(",", "=2C")


def _unescape(octets: bytes) -> str | None:
    # "=" stands only before 2C or 3D (RFC 5802 section 5.1); anything else fails.
    if re.search(rb"=(?!2C|3D)", octets):
        return None
    try:
        return octets.replace(b"=2C", b",").replace(b"=3D", b"=").decode()
    except UnicodeDecodeError:
        return None
