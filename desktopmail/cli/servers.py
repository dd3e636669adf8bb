"""Addresses as people type them: HOST:PORT, IPv6 in brackets, and those of mail."""

from __future__ import annotations

import argparse
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from desktopmail.door.rows import Auth
from desktopmail.mime.address import parse

#: How one may log in for sending: APOP is a command of POP3.
SMTP_AUTHS = tuple(str(auth) for auth in Auth if auth is not Auth.APOP)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Address:
    """A host (without brackets) and a port."""

    host: str
    port: int


def address(text: str) -> Address:
    """Read `mail.example.org:993` or `[::1]:993`.

    Raises:
        argparse.ArgumentTypeError: It is neither.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise argparse.ArgumentTypeError(
            f"{text}: write an IPv6 address in brackets: [{host}]:{port}"
        )
    if not colon or not host or not port.isascii() or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT, as in mail.example.org:993")
    if not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text}: a port is a number from 1 to 65535")
    return Address(host, int(port))


def mail_address(text: str) -> str:
    """Read `anna@example.org`.

    Raises:
        argparse.ArgumentTypeError: It is no address, or more than one.
    """
    read = parse(text)
    if len(read) != 1 or not read[0].is_valid or read[0].address != text:
        raise argparse.ArgumentTypeError(f"{text} is not an address, as in anna@example.org")
    return text


def add_ca_file(parser: argparse.ArgumentParser, none: str) -> None:
    """Declare the option that names further authorities to trust.

    Args:
        parser: Whose option it is.
        none: What an empty one means.
    """
    parser.add_argument(
        "--ca-file",
        metavar="PEM",
        type=_authorities,
        help=f"further authorities to trust; empty: {none}",
    )


def _authorities(text: str) -> str:
    path = Path(text).absolute()
    if text:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError as error:
            raise argparse.ArgumentTypeError(f"{text} holds no certificate in PEM") from error
        except OSError as error:
            raise argparse.ArgumentTypeError(f"{text} cannot be read: {error.strerror}") from error
    return str(path) if text else ""


def add_pin(parser: argparse.ArgumentParser, option: str, side: str) -> None:
    """Declare the option that accepts a certificate of the server of this side."""
    parser.add_argument(
        option,
        action="append",
        default=[],
        type=fingerprint,
        metavar="SHA256",
        help=f"accept this one certificate of the {side} server, by its fingerprint",
    )


def fingerprint(text: str) -> str:
    """Read the SHA-256 of a certificate, in hex, with colons or spaces or without.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    digits = text.replace(":", "").replace(" ", "").lower()
    if not _SHA256.fullmatch(digits):
        raise argparse.ArgumentTypeError(f"{text} is not the SHA-256 of a certificate (64 digits)")
    return digits
