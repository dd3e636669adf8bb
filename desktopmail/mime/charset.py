"""Text from octets: the charset a part names by WHATWG label, then strict UTF-8, then detection."""

from __future__ import annotations

import codecs
import functools
import re
from typing import NamedTuple

import webencodings

# WHATWG's decoders are the supersets that mail needs too; Python's codecs of the plain names are
# the narrow ones ("ks_c_5601-1987" of Outlook is code page 949, "shift_jis" is code page 932).
_WIDER = {
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp_ext",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859_8",
    "x-user-defined": "latin_1",
}
# Labels of real mail that WHATWG does not know, or maps to its "replacement" that shows nothing.
_MORE = {
    "utf-7": "utf_7",
    "unicode-1-1-utf-7": "utf_7",
    "x-unicode-2-0-utf-7": "utf_7",
    "iso-2022-kr": "iso2022_kr",
    "csiso2022kr": "iso2022_kr",
    "iso-2022-jp-1": "iso2022_jp_ext",
    "iso-2022-jp-2": "iso2022_jp_2",
    "iso-2022-jp-3": "iso2022_jp_3",
    "iso-2022-jp-2004": "iso2022_jp_2004",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "hz-gb-2312": "hz",
    "hz": "hz",
    "utf-32": "utf_32",
    "utf-32le": "utf_32_le",
    "utf-32be": "utf_32_be",
    "utf-16": "utf_16",
    "cp437": "cp437",
    "ibm437": "cp437",
    "cp850": "cp850",
    "ibm850": "cp850",
    "cp852": "cp852",
    "ibm852": "cp852",
    "cp858": "cp858",
    "cp1252": "cp1252",
    "cp932": "cp932",
    "cp936": "gb18030",
    "cp949": "cp949",
    "cp950": "cp950",
    "ms932": "cp932",
    "ms936": "gb18030",
    "utf8mb4": "utf_8",
    "utf-8-sig": "utf_8_sig",
    "koi8-t": "koi8_t",
    "viscii": "cp1258",
    "tcvn": "cp1258",
    "armscii-8": "latin_1",
    "x-mac-turkish": "mac_turkish",
    "x-mac-greek": "mac_greek",
    "x-mac-icelandic": "mac_iceland",
    "x-mac-ce": "mac_latin2",
    "x-mac-centraleurroman": "mac_latin2",
    "x-mac-japanese": "cp932",
    "iso-8859-9-windows-latin-5": "cp1254",
}
# These say "somebody did not know", and so does US-ASCII when an octet has its high bit set.
_SAYS_NOTHING = frozenset(
    {"", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "unknown", "8bit"}
    | {"7bit", "binary", "default", "default_charset", "_default", "none", "other"}
)
_DETECTED = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "gb18030", "big5", "cp932", "euc_jp", "cp949",
]  # fmt: skip
# Detection is slow by nature (up to a dozen decodings, each rated): it sees this much at most.
_SAMPLE_OCTETS = 2048
_NOT_IN_LABELS = re.compile(r"[\s\"'<>;,]+")
_JIS_ESCAPE = re.compile(rb"\x1b(\([A-Za-z]|\$[@B]|\$\([A-Za-z]|&@\x1b\$B)")
_HIGH = re.compile(rb"[\x80-\xff]")


class Decoded(NamedTuple):
    """A text and how sure we are of it.

    Attributes:
        text: The text.
        charset: The Python codec that was used.
        known: Whether the label named a charset we know (an absent one counts as known).
        fitting: Whether the octets were valid in the charset the label names.
    """

    text: str
    charset: str
    known: bool = True
    fitting: bool = True


@functools.lru_cache(maxsize=512)
def codec_of(label: str) -> str | None:
    """Return the name of the Python codec for a charset label, or None for an unknown one.

    Only codecs of character sets are ever named: not idna, punycode, rot13, zlib and their like.
    """
    label = _NOT_IN_LABELS.sub("", label).lower()
    if label in _SAYS_NOTHING:
        return "ascii"
    more = _MORE.get(label)
    if more is None:
        encoding = webencodings.lookup(label)
        if encoding is None:
            encoding = webencodings.lookup(label.replace("_", "-"))
        if encoding is None and label.startswith(("cp-", "cp")):
            encoding = webencodings.lookup("windows-" + label[2:].lstrip("-"))
        if encoding is None or encoding.name == "replacement":
            return None
        more = _WIDER.get(encoding.name, encoding.codec_info.name)
    return codecs.lookup(more).name


def decode(octets: bytes, label: str | None = None) -> Decoded:
    """Return the text of octets whose charset is said to be `label`; never fails.

    Args:
        octets: The octets, transfer encoding already undone.
        label: The charset parameter, or None where there is none.
    """
    codec = "ascii" if label is None else codec_of(label)
    if codec in {"ascii", "utf-8"} or codec is None:
        if b"\x1b" in octets and codec != "utf-8" and _JIS_ESCAPE.search(octets):
            return detect(octets)
        # Also for an unknown label: strict UTF-8 hardly ever succeeds by accident.
        try:
            text = octets.decode("utf-8")
            return Decoded(text.removeprefix("\ufeff"), "utf-8", known=codec is not None)
        except UnicodeDecodeError:
            if codec == "utf-8" and _is_nearly_utf8(octets):
                return Decoded(octets.decode("utf-8", "replace"), "utf-8", fitting=False)
            found = detect(octets)
            return Decoded(found.text, found.charset, codec is not None, fitting=codec is None)
    try:
        return Decoded(octets.decode(codec), codec)
    except (UnicodeError, ValueError):
        return _despite_the_label(octets, codec)


def _despite_the_label(octets: bytes, codec: str) -> Decoded:
    if codec.startswith("iso2022_jp"):
        return Decoded(_microsoft_jis(octets), codec, fitting=False)
    try:
        return Decoded(octets.decode("utf-8"), "utf-8", fitting=False)
    except UnicodeDecodeError:
        # One bad octet in a long text of the right charset: keep the charset.
        text = octets.decode(codec, "replace")
        if codec == "cp1252":  # WHATWG: the five holes of windows-1252 are control characters
            text = octets.decode("cp1252", "desktopmail.c1")
        return Decoded(text, codec, fitting=False)


def detect(octets: bytes) -> Decoded:
    """Return the text of octets of which nothing is known; never fails."""
    if _JIS_ESCAPE.search(octets):
        try:
            return Decoded(octets.decode("iso2022_jp_ext"), "iso2022_jp_ext")
        except UnicodeError:
            return Decoded(_microsoft_jis(octets), "iso2022_jp_ext", fitting=False)
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if octets.startswith(mark):
            return Decoded(octets[2:].decode(codec, "replace"), codec)
    high = _HIGH.search(octets)
    if high is None:
        return Decoded(octets.decode("ascii"), "ascii")
    begin = max(0, high.start() - 256)
    codec = _detected(octets[begin : begin + _SAMPLE_OCTETS])
    handler = "desktopmail.c1" if codec == "cp1252" else "replace"
    return Decoded(octets.decode(codec, handler), codec)


def _detected(sample: bytes) -> str:
    import charset_normalizer  # a fifth of this room's import time, and hardly ever needed

    best = charset_normalizer.from_bytes(
        sample, steps=3, chunk_size=256, cp_isolation=_DETECTED, threshold=0.25,
        enable_fallback=False,
    ).best()  # fmt: skip
    if best is None or len(sample) < 24:
        # Too little to rate, or nothing plausible: what Western senders forget to name.
        return "cp1252"
    return str(best.encoding)


def _is_nearly_utf8(octets: bytes) -> bool:
    """Whether most of the high octets form UTF-8: cut or damaged, not mislabelled."""
    high = len(_HIGH.findall(octets))
    bad = octets.decode("utf-8", "replace").count("\ufffd") - octets.count(b"\xef\xbf\xbd")
    return bad * 5 < high


def _microsoft_jis(octets: bytes) -> str:
    """Return ISO-2022-JP as Windows writes it: with the rows of code page 932 (circled digits)."""
    pieces: list[str] = []
    two_octets = katakana = False
    last = 0
    for escape in _JIS_ESCAPE.finditer(octets):
        pieces.append(_jis_run(octets[last : escape.start()], two_octets, katakana))
        two_octets = escape[1].startswith((b"$", b"&"))
        katakana = escape[1] == b"(I"
        last = escape.end()
    pieces.append(_jis_run(octets[last:], two_octets, katakana))
    return "".join(pieces)


def _jis_run(run: bytes, two_octets: bool, katakana: bool) -> str:
    if katakana:
        return bytes(octet | 0x80 for octet in run).decode("cp932", "replace")
    if not two_octets:
        return run.decode("cp932", "replace")
    shifted = bytearray()
    at = 0
    while at < len(run):
        first = run[at]
        if first < 0x21 or first > 0x7E or at + 1 >= len(run):
            shifted.append(first)
            at += 1
            continue
        second = run[at + 1]
        lead = ((first - 0x21) >> 1) + 0x81
        shifted.append(lead if lead <= 0x9F else lead + 0x40)
        if first & 1:
            shifted.append(second + (0x1F if second < 0x60 else 0x20) & 0xFF)
        else:
            shifted.append(second + 0x7E & 0xFF)
        at += 2
    return shifted.decode("cp932", "replace")


def _as_c1(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "".join(map(chr, error.object[error.start : error.end])), error.end
    raise error


codecs.register_error("desktopmail.c1", _as_c1)
