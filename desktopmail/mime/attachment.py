"""Attachments: what they are, under a file name that is safe to write, and what to warn about."""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from desktopmail.mime import text as text_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.mime.structure import Part
    from desktopmail.mime.text import Body

MAX_NAME_OCTETS = 200  # file systems stop at 255; a number may be appended when saving

_SEPARATORS = re.compile(r"[/\\:]")
# Controls, the bidirectional overrides that make "gpj.exe" look like "exe.jpg", invisible spaces.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ue000-\uf8ff"
    '<>"|?*]+'
)
_SPACES = re.compile(r"\s+")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)

_PROGRAMS = frozenset({
    "ade", "adp", "app", "application", "appref-ms", "apk", "appx", "appxbundle", "bas", "bat",
    "cab", "chm", "cmd", "com", "command", "cpl", "deb", "desktop", "dll", "diagcab", "dmg",
    "exe", "fon", "gadget", "hlp", "hta", "inf", "ins", "iso", "isp", "jar", "jnlp", "js",
    "jse", "ksh", "lnk", "mad", "maf", "mag", "mam", "maq", "mar", "mas", "mat", "mau", "mav",
    "maw", "mda", "mdb", "mde", "mdt", "mdw", "mdz", "msc", "msh", "msh1", "msh2", "msi",
    "msix", "msp", "mst", "ops", "pcd", "pif", "pkg", "pl", "plg", "prf", "prg", "ps1",
    "ps1xml", "ps2", "ps2xml", "psc1", "psc2", "psd1", "psm1", "py", "pyc", "pyw", "pyz", "reg",
    "rgs", "rpm", "run", "scf", "scr", "sct", "settingcontent-ms", "sh", "shb", "shs", "so",
    "sys", "theme", "tmp", "url", "vb", "vbe", "vbp", "vbs", "vhd", "vhdx", "vsmacros", "vsw",
    "vxd", "ws", "wsc", "wsf", "wsh", "xbap", "xll", "xnk",
})  # fmt: skip
_MACROS = frozenset({
    "doc", "docm", "dot", "dotm", "xls", "xlsm", "xlsb", "xlt", "xltm", "xlam", "ppt", "pptm",
    "pot", "potm", "ppam", "ppsm", "sldm", "one", "accdb",
})  # fmt: skip
_PAGES = frozenset({
    "htm", "html", "shtml", "xht", "xhtml", "mht", "mhtml", "svg", "svgz", "xml", "xsl",
})  # fmt: skip
_ARCHIVES = frozenset({
    "zip", "rar", "7z", "gz", "tgz", "bz2", "xz", "tar", "arj", "lzh", "ace", "z", "img",
})  # fmt: skip
_HARMLESS_LOOK = frozenset({
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "txt", "rtf",
    "csv", "jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff", "heic", "mp3", "mp4",
    "mov", "avi", "wav", "htm", "html", "zip", "eml", "ics", "vcf",
})  # fmt: skip
_EXTENSIONS = {
    "application/pdf": "pdf", "application/zip": "zip", "application/json": "json",
    "application/xml": "xml", "application/ics": "ics", "application/msword": "doc",
    "application/pgp-signature": "asc", "application/pgp-keys": "asc",
    "application/pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-signature": "p7s", "application/x-pkcs7-mime": "p7m",
    "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/wav": "wav", "audio/x-wav": "wav",
    "audio/basic": "au", "image/bmp": "bmp", "image/gif": "gif", "image/heic": "heic",
    "image/jpeg": "jpg", "image/jpg": "jpg", "image/png": "png", "image/svg+xml": "svg",
    "image/tiff": "tif", "image/webp": "webp", "message/rfc822": "eml", "message/global": "eml",
    "message/delivery-status": "txt", "message/disposition-notification": "txt",
    "text/calendar": "ics", "text/csv": "csv", "text/css": "css", "text/html": "html",
    "text/markdown": "md", "text/plain": "txt", "text/rfc822-headers": "txt",
    "text/vcard": "vcf", "text/x-vcard": "vcf", "text/xml": "xml", "text/x-amp-html": "html",
    "video/mp4": "mp4", "video/mpeg": "mpg", "video/quicktime": "mov",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}  # fmt: skip


class Warned(enum.StrEnum):
    """Why a person should look twice before opening an attachment; empty: no reason."""

    NO = ""
    PROGRAM = "It is a program: opening it can harm this computer."
    MACROS = "It can contain macros that run when it is opened."
    WEB_PAGE = "It is a web page: it can imitate a site and ask for a password."
    ARCHIVE = "It is an archive: look at what is inside before opening that."
    DISGUISED = "Its name has two endings; the last one is what it really is."
    REVERSED = "Its name holds hidden characters that change how it reads."
    MISLABELLED = "Its name and its declared type do not agree."


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that came with a message, apart from its text.

    Attributes:
        part: The part it is; `part.content` gives the octets.
        name: A file name safe to write: no path, controls or overrides; never empty.
        sender_name: The name as the sender gave it, decoded; may be empty.
        media_type: The declared type, in lower case.
        is_inline: It belongs to the HTML text (an image named by cid), no paper clip for it.
    """

    part: Part
    name: str
    sender_name: str
    media_type: str
    is_inline: bool

    @property
    def warned(self) -> Warned:
        """Why to look twice."""
        return warning(self.sender_name or self.name, self.media_type)

    @property
    def content_id(self) -> str:
        """The Content-ID without brackets, or empty."""
        return self.part.content_id

    @property
    def number(self) -> str:
        """The IMAP part number."""
        return self.part.number

    @property
    def size_octets(self) -> int:
        """The size of the decoded octets, estimated from the encoded ones (Base64: exactly)."""
        return decoded_size(self.part)

    @property
    def octets(self) -> bytes:
        """The decoded octets."""
        return self.part.content


def numbered(name: str) -> Iterator[str]:
    """The names for a file where others may have its own: `a.pdf`, `a (2).pdf` and so on."""
    yield name
    stem, dot, extension = name.rpartition(".")
    stem, extension = (stem, dot + extension) if stem else (name, "")
    for number in count(2):
        yield f"{stem} ({number}){extension}"


def of(root: Part, body: Body | None = None) -> tuple[Attachment, ...]:
    """Return the attachments of a message in their order; enclosed messages are one each.

    Args:
        root: The message.
        body: Its text as `text.choose` found it, to be left out.
    """
    body = text_module.choose(root) if body is None else body
    if not root.children and body.plain == (root,):
        return ()
    shown = body.parts
    related = {id(part) for part in body.related} if body.html else set()
    found: list[Attachment] = []
    taken: set[str] = set()
    stack = [root]
    in_alternative: set[int] = set()
    while stack:
        part = stack.pop()
        if part.children and not part.is_message:
            if part.media_type == "multipart/alternative":
                in_alternative.update(id(child) for child in part.children)
            stack.extend(reversed(part.children))
            continue
        if id(part) in shown or (part is root and part.size == 0):
            continue
        if id(part) in in_alternative and _is_other_rendering(part):
            continue
        is_inline = id(part) in related and part.disposition != "attachment"
        found.append(_attachment(part, taken, is_inline=is_inline))
    return tuple(found)


def _is_other_rendering(part: Part) -> bool:
    """Whether an alternative is the same text once more (AMP, enriched), not a file."""
    return (
        part.type == "text"
        and part.disposition != "attachment"
        and not part.file_name
        and part.media_type != "text/calendar"
    )


def _attachment(part: Part, taken: set[str], *, is_inline: bool) -> Attachment:
    sender_name = part.file_name
    name = safe_name(sender_name) or _made_name(part)
    name = next(one for one in numbered(name) if one.lower() not in taken)
    taken.add(name.lower())
    return Attachment(
        part=part,
        name=name,
        sender_name=sender_name,
        media_type=part.media_type,
        is_inline=is_inline,
    )


_MADE_NAMES = {
    "text/calendar": "invitation.ics",
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "receipt.txt",
    "text/rfc822-headers": "headers.txt",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-signature": "smime.p7s",
}


def _made_name(part: Part) -> str:
    if part.media_type in _MADE_NAMES:
        return _MADE_NAMES[part.media_type]
    if part.media_type in {"message/rfc822", "message/global"} and part.children:
        return f"{name_of_subject(part.children[0].header.text('subject') or '')}.eml"
    stem = safe_name(part.description)[:80] or part.type
    extension = _EXTENSIONS.get(part.media_type, "bin")
    return stem if stem.lower().endswith(f".{extension}") else f"{stem}.{extension}"


def safe_name(name: str) -> str:
    """Return a file name without path, controls, overrides and reserved words; may be empty."""
    name = unicodedata.normalize("NFC", name)
    last = [piece for piece in _SEPARATORS.split(_UNSAFE.sub("", name)) if piece.strip(" .")]
    name = _SPACES.sub(" ", last[-1] if last else "").strip(" .~")
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name.encode("utf-8", "replace")) > MAX_NAME_OCTETS:
        stem, dot, extension = name.rpartition(".")
        if not stem or len(extension) > 16:
            stem, dot, extension = name, "", ""
        room = MAX_NAME_OCTETS - len((dot + extension).encode("utf-8", "replace"))
        stem = stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore").rstrip(" .")
        name = f"{stem}{dot}{extension}"
    return name


def name_of_subject(subject: str) -> str:
    """Return a file name without extension for a message with that subject."""
    return safe_name(_SEPARATORS.sub(" ", subject))[:80].strip(" .") or "message"


def warning(name: str, media_type: str) -> Warned:
    """Return why to look twice at an attachment, the gravest reason first.

    Args:
        name: The name as the sender gave it.
        media_type: The declared type.
    """
    safe = safe_name(name).lower()
    pieces = safe.split(".")
    extension = pieces[-1].strip() if len(pieces) > 1 else ""
    if re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", name):
        return Warned.REVERSED
    if extension in _PROGRAMS:
        before = pieces[-2].strip() if len(pieces) > 2 else ""
        return Warned.DISGUISED if before in _HARMLESS_LOOK else Warned.PROGRAM
    if media_type in {
        "application/x-msdownload", "application/x-dosexec", "application/hta",
        "application/x-sh", "application/javascript", "text/javascript",
        "application/x-msdos-program", "application/vnd.microsoft.portable-executable",
    }:  # fmt: skip
        return Warned.MISLABELLED if extension else Warned.PROGRAM
    if extension in _MACROS:
        return Warned.MACROS
    if extension in _PAGES or media_type in {"text/html", "image/svg+xml"}:
        return Warned.WEB_PAGE
    if extension in _ARCHIVES:
        return Warned.ARCHIVE
    return Warned.NO


def decoded_size(part: Part) -> int:
    """Return the octets a part holds once decoded, without decoding Base64."""
    encoding = part.encoding
    if encoding == "base64":
        octets, begin, end = part.octets, part.body, part.end
        digits = part.size - octets.count(b"\n", begin, end) - octets.count(b"\r", begin, end)
        tail = octets[max(begin, end - 8) : end]
        return max(0, digits * 3 // 4 - tail.count(b"="))
    if encoding in {"quoted-printable", "uuencode"}:
        return len(part.content)
    return part.size
