"""The text a person reads: which parts it is made of, as plain text, blocks, links, a preview.

RFC 2046 section 5.1.4 (alternatives), RFC 2387 (related), RFC 3676 (format=flowed).
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import charset, html_text, nesting
from desktopmail.mime.defect import Defect

if TYPE_CHECKING:
    from desktopmail.mime.structure import Part

PREVIEW_CHARACTERS = 140
_SPACES = re.compile(r"\s+")
_QUOTE_MARKS = re.compile(r"((?:> ?)+|(?:>)+)")
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
# "On Monday, Anna wrote:" and "Am Montag schrieb Anna:", over at most two lines.
_ATTRIBUTION = re.compile(
    r"^(?:On|Am|Le|El|Il|Op|Den|Em)\b[^\n]{3,200}(?:\n[^\n]{1,120})?"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev|escreveu)[^\n]{0,80}:[ \t]*$",
    re.MULTILINE,
)
_ATTRIBUTION_WORDS = (
    "wrote", "schrieb", "écrit", "escribió", "scritto", "schreef", "skrev", "escreveu",
)  # fmt: skip
_INVISIBLE = re.compile(
    "[\u200b-\u200d\u2060\ufeff\u00ad\u034f\u061c\u200e\u200f\u2800\x00-\x08\x0b-\x1f\x7f]+"
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_CJK_BREAK = re.compile(
    " (?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef] )(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])"
)
# Where a client puts a whole message under the answer, without quote marks.
_ORIGINAL = re.compile(
    r"^-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original"
    r"|Messaggio originale|Forwarded message|Weitergeleitete Nachricht) ?-{2,}$"
    r"|^(?:From|Von|De|Da|Van): .{1,200}\n(?:(?:To|An|Cc|Kopie|À|Para|A|Aan): .{0,400}\n){0,2}"
    r"(?:Sent|Gesendet|Date|Datum|Envoyé|Enviado|Inviato|Verzonden): ",
    re.MULTILINE,
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_BLOCK_TAGS = [
    "address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt",
    "fieldset", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
]  # fmt: skip
_UNSEEN_TAGS = [
    "script", "style", "title", "head", "noscript", "template", "object", "svg", "math",
]  # fmt: skip


# Named tuples, here and below: an import makes them for each message, in a third of the time of a
# frozen dataclass.
class Body(NamedTuple):
    """The parts a message's text is made of.

    Attributes:
        plain: Parts to read one after another as plain text; empty when there is only HTML.
        html: Parts to read one after another as HTML (plain ones among them where a message mixes
            both); empty when there is no HTML.
        related: Parts that belong to the HTML and are no attachments: images named by cid.
    """

    plain: tuple[Part, ...] = ()
    html: tuple[Part, ...] = ()
    related: tuple[Part, ...] = ()

    @property
    def parts(self) -> set[int]:
        """The ids of all these parts, to tell attachments from them."""
        return {id(part) for part in (*self.plain, *self.html)}


class Kind(enum.Enum):
    """What a run of lines of a plain text is."""

    TEXT = "text"
    QUOTE = "quote"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of lines of one kind and quote depth; the quote marks are taken off.

    Attributes:
        kind: What it is.
        depth: How deeply it is quoted; 0 for text and signature.
        text: The lines, joined by newlines.
    """

    kind: Kind
    depth: int
    text: str


def choose(root: Part) -> Body:
    """Return the parts that are the text of a message (or of an enclosed one); never fails."""
    if not root.children and root.media_type == "text/plain" and root.disposition != "attachment":
        return Body((root,))
    plain: list[Part] = []
    html: list[Part] = []
    related: list[Part] = []
    # What is still to look at: a part, and whether its text goes to plain and to HTML.
    stack = [(root, True, True)]
    while stack:
        part, to_plain, to_html = stack.pop()
        if part.children and not part.is_message:
            stack.extend(reversed(_of_multipart(part, to_plain, to_html, related)))
        elif _is_text(part, part is root):
            if part.media_type == "text/html":
                if to_html:
                    html.append(part)
            else:
                if to_plain:
                    plain.append(part)
                if to_html:
                    html.append(part)
    if not any(part.media_type == "text/html" for part in html):
        html = []
    return Body(tuple(plain), tuple(html), tuple(related))


def _of_multipart(
    part: Part, to_plain: bool, to_html: bool, related: list[Part]
) -> list[tuple[Part, bool, bool]]:
    children = part.children
    kind = part.media_type
    if kind == "multipart/alternative":
        html = next((child for child in reversed(children) if _holds(child, "text/html")), None)
        plain = next((child for child in children if child.media_type == "text/plain"), None)
        plain = plain or next(
            (c for c in children if c is not html and _holds(c, "text/plain")), None
        )
        if plain is None and html is None:
            plain = next((child for child in reversed(children) if _has_text(child)), None)
        if html is plain:
            return [(plain, to_plain, to_html)] if plain else []
        chosen = [(plain, to_plain, to_html and html is None)] if plain else []
        if html:
            chosen.append((html, to_plain and plain is None, to_html))
        return chosen
    if kind == "multipart/related":
        start = part.parameters.get("start", "").strip().strip("<>")
        main = next((child for child in children if start and child.content_id == start), None)
        main = main or children[0]
        if main.type not in {"text", "multipart"}:  # some put the picture first
            main = next((child for child in children if _has_text(child)), main)
        related.extend(child for child in children if child is not main)
        return [(main, to_plain, to_html)]
    if kind in {"multipart/signed", "multipart/appledouble"}:
        return [(children[0], to_plain, to_html)]
    return [(child, to_plain, to_html) for child in children]


def _holds(part: Part, media_type: str) -> bool:
    """Whether a part is of that type, or a multipart that shows one."""
    if part.media_type == media_type:
        return part.disposition != "attachment"
    if not part.is_multipart:
        return False
    return any(below.media_type == media_type for below in part.walk())


def _has_text(part: Part) -> bool:
    return part.type == "text" or (part.is_multipart and any(p.type == "text" for p in part.walk()))


def _is_text(part: Part, is_root: bool) -> bool:
    """Whether a leaf is shown as text and not as an attachment."""
    media_type = part.media_type
    if not media_type.startswith("text/"):
        # A multipart whose parts were not found is shown as it stands: better than nothing.
        return media_type.startswith("multipart/") and part.size > 0
    if media_type not in {"text/plain", "text/html", "text/enriched", "text/richtext"}:
        return is_root
    if "content-disposition" not in part.header:
        return not part.file_name or is_root
    if part.disposition == "attachment":
        return False
    # An inline text with a file name is a file that was dropped in, except the text itself.
    return not part.file_name or is_root


class PartText(NamedTuple):
    """A part's text and what was wrong with it."""

    text: str
    charset: str
    defects: tuple[Defect, ...] = ()


def of_part(part: Part, label: str | None = None) -> PartText:
    """Return a text part's content as text, line ends as newlines; never fails.

    Args:
        part: The part; an HTML one gives its source.
        label: A charset a person chose instead of the one the part names.
    """
    octets = part.content
    named = label or part.charset
    if part.media_type == "text/html" and named is None:
        meta = _META_CHARSET.search(octets, 0, 2048)
        if meta:
            named = meta[1].decode("ascii")
    decoded = charset.decode(octets, named)
    text = decoded.text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    defects = []
    if not decoded.known:
        defects.append(Defect.UNKNOWN_CHARSET)
    if not decoded.fitting:
        defects.append(Defect.WRONG_CHARSET)
    if part.media_type == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    elif part.media_type in {"text/enriched", "text/richtext"}:
        text = _from_enriched(text)
    return PartText(text, decoded.charset, tuple(defects))


def plain(body: Body, *, fast: bool = False, label: str | None = None) -> str:
    """Return the plain text of a message: its plain parts, or its HTML as text.

    Args:
        body: What `choose` found.
        fast: Text for the index and the preview instead of text laid out for reading.
        label: A charset a person chose instead of those that the parts name.
    """
    if body.plain:
        texts = [of_part(part, label).text for part in body.plain]
    elif fast:
        texts = [from_html_fast(of_part(part, label).text) for part in body.html]
    else:
        texts = [html_text.render(of_part(part, label).text) for part in body.html]
    return texts[0] if len(texts) == 1 else "\n".join(text.rstrip("\n") + "\n" for text in texts)


def from_html_fast(source: str) -> str:
    """Return the words of an HTML text, blocks on lines of their own; for index and preview."""
    if not source.strip():
        return ""
    tree = LexborHTMLParser(nesting.limit(source, 1000) if source.count("<") > 2000 else source)
    tree.strip_tags(_UNSEEN_TAGS)
    if tree.body is None:
        return ""
    pieces: list[str] = []
    for node in tree.body.traverse(include_text=True):
        if node.tag == "-text":
            pieces.append(node.text_content or "")
        elif node.tag in _BLOCK_TAGS:
            pieces.append("\n")
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Undo format=flowed: soft line breaks and space-stuffing (RFC 3676 sections 4.2 to 4.4).

    Args:
        text: The text with newlines.
        delete_space: The DelSp parameter: the space before a soft break is not part of the text.
    """
    out: list[str] = []
    flowing: str | None = None  # quote marks of the paragraph that goes on
    for line in text.split("\n"):
        unmarked = line.lstrip(">")
        marks = line[: len(line) - len(unmarked)]
        unmarked = unmarked.removeprefix(" ")
        is_signature = unmarked == "-- "
        is_soft = unmarked.endswith(" ") and not is_signature
        content = unmarked[:-1] if is_soft and delete_space else unmarked
        if flowing is not None and flowing == marks and not is_signature:
            out[-1] += content
        else:
            # A paragraph whose quote depth changes ends there (section 4.5).
            out.append(f"{marks} {content}" if marks else content)
        flowing = marks if is_soft else None
    return "\n".join(out)


def flow(text: str, width: int = 72) -> str:
    """Write a text as format=flowed: lines of about `width`, space-stuffed (RFC 3676 section 4).

    Words are never broken; a line's trailing spaces are lost, but for the signature's mark.
    """
    out: list[str] = []
    for line in text.split("\n"):
        if line == "-- ":
            out.append(line)
            continue
        depth, content = _quoted(line)
        marks = ">" * depth
        for piece in _wrapped(content.rstrip(" "), width - depth - 1):
            stuffed = bool(marks) or piece.startswith((" ", ">", "From "))
            out.append(f"{marks} {piece}" if stuffed and (piece or not marks) else marks + piece)
    return "\n".join(out)


def _wrapped(line: str, width: int) -> list[str]:
    """Break a line behind spaces, which stay at the ends."""
    pieces = []
    while len(line) > width:
        cut = line.rfind(" ", 1, width)
        if cut < 0:
            cut = line.find(" ", max(width, 1))
        if cut < 0:
            break
        while line[cut + 1 : cut + 2] == " ":
            cut += 1
        pieces.append(line[: cut + 1])
        line = line[cut + 1 :]
    return [*pieces, line]


def quote(text: str) -> str:
    """Return a text as a reply quotes it: one more mark before each line, no signature."""
    own = [block for block in blocks(text) if block.kind is not Kind.SIGNATURE]
    lines: list[str] = []
    for block in own:
        marks = ">" * (block.depth + 1)
        lines.extend(f"{marks} {line}" if line else marks for line in block.text.split("\n"))
    while lines and not lines[-1].strip("> "):
        lines.pop()
    while lines and not lines[0].strip("> "):
        lines.pop(0)
    return "\n".join(lines)


def blocks(text: str) -> list[Block]:
    """Return a plain text in runs of one kind, so that quotes and the signature can be folded.

    A signature begins at the last "-- " line outside a quote; what follows it is the signature's.
    A message that a client copied below the answer with its header ("From: … Sent: …") is a quote.
    """
    original = _ORIGINAL.search(text)
    if original is not None and text[: original.start()].strip():
        above = blocks(text[: original.start()].rstrip("\n"))
        return [*above, Block(Kind.QUOTE, 1, text[original.start() :].rstrip("\n"))]
    found: list[Block] = []
    lines: list[str] = []
    depth = 0
    all_lines = text.split("\n")
    signature = _signature_line(all_lines)
    for line in all_lines[:signature]:
        line_depth, content = _quoted(line)
        if line_depth != depth and lines:
            found.append(_block(depth, lines))
            lines = []
        depth = line_depth
        lines.append(content)
    if lines:
        found.append(_block(depth, lines))
    if signature < len(all_lines):
        found.append(Block(Kind.SIGNATURE, 0, "\n".join(all_lines[signature + 1 :]).rstrip("\n")))
    return found


def _block(depth: int, lines: list[str]) -> Block:
    return Block(Kind.QUOTE if depth else Kind.TEXT, depth, "\n".join(lines))


def _signature_line(lines: list[str]) -> int:
    for index in range(len(lines) - 1, -1, -1):
        if lines[index] in {"-- ", "--"}:
            quoted_below = any(line.startswith(">") for line in lines[index + 1 :])
            if not quoted_below and (lines[index] == "-- " or len(lines) - index <= 12):
                return index
    return len(lines)


def _quoted(line: str) -> tuple[int, str]:
    """Return a line's quote depth and what stands behind the marks; ">From " is no quote."""
    if not line.startswith(">") or line.startswith(">From "):
        return 0, line
    marks = _QUOTE_MARKS.match(line)
    if marks is None:
        return 0, line
    return marks[0].count(">"), line[marks.end() :]


def preview(text: str, characters: int = PREVIEW_CHARACTERS) -> str:
    """Return the first words of a plain text that are the writer's own, on one line."""
    words = _own_words(text[:1500], characters)
    if len(words) < characters and len(text) > 1500:  # a long quote stands first
        words = _own_words(text[:16384], characters)
    if not words:  # nothing but a quote
        words = _one_line(text[:1500].replace(">", "").split("\n"))
    if len(words) <= characters:
        return words
    cut = words.rfind(" ", characters - 30, characters)
    return words[: cut if cut > 0 else characters - 1].rstrip() + "…"


def _own_words(head: str, characters: int) -> str:
    if ":" in head and any(word in head for word in _ATTRIBUTION_WORDS):
        head = _ATTRIBUTION.sub("", head)
    signature = _SIGNATURE.search(head) if "\n-- " in head or "\n--\n" in head else None
    own: list[str] = []
    length = 0
    lines = head[: signature.start() if signature else None].split("\n")
    for index, line in enumerate(lines):
        stripped = line.strip()
        if not stripped or stripped[0] == ">" or not stripped.strip("-=_*#~ +|"):
            continue
        if stripped[-1] == ":" and _is_quoted_below(lines, index):
            continue
        own.append(stripped)
        length += len(stripped) + 1
        if length > characters:
            break
    return _one_line(own)


def _is_quoted_below(lines: list[str], index: int) -> bool:
    """Whether a quote follows: then a line with a colon only says who is quoted."""
    below = next((line for line in lines[index + 1 : index + 4] if line.strip()), "")
    return below.lstrip().startswith(">")


def _one_line(lines: list[str]) -> str:
    """Join lines, with a space but where Chinese or Japanese goes on, which has none."""
    words = " ".join("\n".join(lines).split())
    if not words.isprintable():
        words = _CONTROLS.sub(" ", words)
    if words.isascii():
        return words
    return _CJK_BREAK.sub("", " ".join(_INVISIBLE.sub("", words).split()))


def _from_enriched(text: str) -> str:
    """Return text/enriched without its commands (RFC 1896), roughly: it is long dead."""
    text = re.sub(r"<param>.*?</param>", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"</?[A-Za-z0-9-]{1,60}>", "", text)
    return text.replace("<<", "<")
