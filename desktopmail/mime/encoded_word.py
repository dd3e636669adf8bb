"""Encoded words in header fields, as real clients send them (RFC 2047, RFC 2231 section 5)."""

from __future__ import annotations

import binascii
import re

from desktopmail.mime import charset

# encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
#
# The encoded text may not hold "?" or space; Q words of several clients hold both all the same.
_WORD = re.compile(
    r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,60})?\?([BbQq])\?([^?]*+(?>(?:\?(?!=)[^?]*+)*))\?="
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_UNDERSCORE_TO_SPACE = bytes.maketrans(b"_", b" ")


def decode(text: str) -> str:
    """Return a field's value with its encoded words decoded, without control characters.

    White space between two encoded words is dropped (RFC 2047 section 6.2), and words of one
    charset in a row are joined before decoding: many clients cut multi-octet characters in two.

    Args:
        text: An unfolded value.
    """
    if "=?" not in text:
        return clean(text)
    out: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    last = 0
    # Not past the last "?=": words that are never closed would each be searched to the end.
    for word in _WORD.finditer(text, 0, text.rfind("?=") + 2):
        between = text[last : word.start()]
        label = word[1].lower()
        if run and (between.strip() or label != run_charset):
            out.append(charset.decode(b"".join(run), run_charset).text)
            run = []
            if between.strip():
                out.append(between)
        elif not run:
            out.append(between)
        octets = _octets(word[2], word[3])
        if octets is None:
            out.append(word[0])
        else:
            run.append(octets)
            run_charset = label
        last = word.end()
    if run:
        out.append(charset.decode(b"".join(run), run_charset).text)
    out.append(text[last:])
    return clean("".join(out))


def clean(text: str) -> str:
    """Return a text for one line: tabs and runs of control characters become a space."""
    if text.isprintable():
        return text
    return _CONTROL.sub(" ", text.replace("\t", " ").replace("\r\n", " ")).strip(" ")


def _octets(encoding: str, encoded: str) -> bytes | None:
    raw = encoded.encode("utf-8", "replace")
    if encoding in "Qq":
        return binascii.a2b_qp(raw.translate(_UNDERSCORE_TO_SPACE))
    try:
        decoded = binascii.a2b_base64(raw + b"===")
    except binascii.Error:
        digits = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        if len(digits) % 4 == 1:
            digits = digits[:-1]
        decoded = binascii.a2b_base64(digits + b"===") if digits else b""
    return decoded if decoded or not raw else None


# RFC 2047 section 5 (3): what a phrase allows in Q; safe in every other place too.
_Q_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
MAX_WORD = 75


def encode(text: str) -> list[str]:
    """Return a text as encoded words of at most 75 characters, UTF-8, characters kept whole.

    Q where it is the shorter one, as in most European texts, else Base64.
    """
    octets = text.encode("utf-8", "replace")
    plain = sum(octet in _Q_PLAIN or octet == 0x20 for octet in octets)
    use_q = plain + 3 * (len(octets) - plain) <= (len(octets) + 2) // 3 * 4 + 4
    room = MAX_WORD - len("=?utf-8?q??=")
    words: list[str] = []
    run = b""
    for char in text:
        more = run + char.encode("utf-8", "replace")
        length = len(_q(more)) if use_q else (len(more) + 2) // 3 * 4
        if length > room:
            words.append(_word(run, use_q))
            more = char.encode("utf-8", "replace")
        run = more
    words.append(_word(run, use_q))
    return words


def needs_encoding(text: str) -> bool:
    """Whether a text cannot stand in a header as it is: not ASCII, or like an encoded word."""
    return not text.isascii() or "=?" in text


def _word(octets: bytes, use_q: bool) -> str:
    if use_q:
        return f"=?utf-8?q?{_q(octets)}?="
    return f"=?utf-8?b?{binascii.b2a_base64(octets, newline=False).decode('ascii')}?="


def _q(octets: bytes) -> str:
    return "".join(
        chr(octet) if octet in _Q_PLAIN else "_" if octet == 0x20 else f"={octet:02X}"
        for octet in octets
    )
