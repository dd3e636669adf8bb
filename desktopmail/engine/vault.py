"""The vault: passwords in one file, encrypted under a pass phrase, where there is no keyring."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from desktopmail import whole_file
from desktopmail.door.interface import DoorError

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.net.ports import Entropy

_SALT_OCTETS = 16
_NONCE_OCTETS = 12
# 64 MB and some 200 ms for each guess.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**16, 8, 1
_PURPOSE = b"desktopmail vault 1"


class _File(msgspec.Struct, frozen=True):
    salt: str
    nonce: str
    sealed: str


class Vault:
    """An opened vault; made by `open_vault`.

    Args:
        path: The file.
        key: Derived from the pass phrase.
        salt: What it was derived with.
        entries: What is in it.
    """

    def __init__(
        self, path: Path, key: bytes, salt: bytes, entries: dict[str, str], entropy: Entropy
    ) -> None:
        self._path = path
        self._key = key
        self._salt = salt
        self._entries = entries
        self._entropy = entropy

    def get(self, name: str) -> str | None:
        """Return a password, or None."""
        return self._entries.get(name)

    def set(self, name: str, password: str | None) -> None:
        """Keep a password, or forget it; it is durable when this returns. Call it off the loop.

        Raises:
            DoorError: The file cannot be written; the vault is as it was.
        """
        entries = {**self._entries, name: password}
        self._write({one: kept for one, kept in entries.items() if kept is not None})

    def save(self) -> None:
        """Write the file; raises as `set` does."""
        self._write(self._entries)

    def _write(self, entries: dict[str, str]) -> None:
        nonce = self._entropy.token(_NONCE_OCTETS)
        sealed = AESGCM(self._key).encrypt(nonce, msgspec.json.encode(entries), _PURPOSE)
        encoded = msgspec.json.encode(_File(*(map(_text, (self._salt, nonce, sealed)))))
        try:
            whole_file.replace(self._path, encoded)
        except OSError as error:
            raise DoorError(
                f"The vault {self._path} cannot be written: {error.strerror}.",
                remedy="Look at the disk and at the permissions of that folder.",
                code="profile-unwritable",
            ) from error
        self._entries = entries


def open_vault(path: Path, pass_phrase: str, entropy: Entropy) -> Vault:
    """Open the vault, or make an empty one. It takes a while: call it off the loop.

    Raises:
        DoorError: The pass phrase is wrong, or the file is damaged or cannot be read or written.
    """
    if not path.exists():
        salt = entropy.token(_SALT_OCTETS)
        vault = Vault(path, _derive(pass_phrase, salt), salt, {}, entropy)
        vault.save()
        return vault
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        salt, nonce, sealed = map(base64.b64decode, (file.salt, file.nonce, file.sealed))
        key = _derive(pass_phrase, salt)
        opened = AESGCM(key).decrypt(nonce, sealed, _PURPOSE)
    except InvalidTag as error:
        raise DoorError(
            f"The pass phrase does not open the vault {path}.",
            remedy="Type it again.",
            code="wrong-pass-phrase",
        ) from error
    except OSError as error:
        raise DoorError(
            f"The vault {path} cannot be read: {error.strerror}.",
            remedy="Look at the disk and at the permissions of that file.",
            code="unreadable-vault",
        ) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise DoorError(
            f"The vault {path} is damaged.",
            remedy="Move it away and type your passwords again.",
            code="damaged-vault",
        ) from error
    return Vault(path, key, salt, msgspec.json.decode(opened, type=dict[str, str]), entropy)


def _derive(pass_phrase: str, salt: bytes) -> bytes:
    kdf = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    return kdf.derive(pass_phrase.encode())


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
