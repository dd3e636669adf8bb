"""HTML of mail made harmless: styles inlined, an allow-list of elements, every URL judged.

The order matters. The nesting is limited first (the parsers behind overflow on it); styles are
inlined, so that `<style>` can be dropped; nh3 parses as a browser does, keeps what is listed and
asks our URL and style policy about every attribute; its serialised output is the last word. What
a web view adds (content security policy, interceptor, scripts off) is a second fence, not a
reason to let anything pass here.

Nothing of svg, math, link, meta, base, form, iframe, object passes, and no URL but http, https,
mailto, tel, `#fragment` in links, and what the caller maps images to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote

import nh3
from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import link, nesting, stylesheet
from desktopmail.mime import text as text_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from selectolax.lexbor import LexborNode

    from desktopmail.mime.structure import Part

# More is no letter; what is behind is cut, and parsers close what is open.
MAX_CHARACTERS = 4_000_000

_TAGS = frozenset({
    "a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big",
    "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main",
    "mark", "nav", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small",
    "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
})  # fmt: skip
_CONTENT_DROPPED = frozenset({
    "script", "style", "title", "head", "template", "noscript", "noembed", "noframes", "iframe",
    "object", "applet", "embed", "svg", "math", "textarea", "select", "option", "xmp",
    "plaintext", "frameset", "audio", "video", "canvas",
})  # fmt: skip
_ATTRIBUTES = {
    "*": frozenset({"style", "dir", "lang", "title", "align", "id", "role", "aria-label"}),
    "a": frozenset({"href", "name"}),
    "blockquote": frozenset({"cite", "type"}),
    "col": frozenset({"span", "width", "valign"}),
    "colgroup": frozenset({"span", "width", "valign"}),
    "details": frozenset({"open"}),
    "div": frozenset({"bgcolor"}),
    "font": frozenset({"color", "face", "size"}),
    "hr": frozenset({"color", "size", "width", "noshade"}),
    "img": frozenset({"src", "alt", "width", "height", "border", "hspace", "vspace"}),
    "li": frozenset({"type", "value"}),
    "ol": frozenset({"type", "start", "reversed"}),
    "table": frozenset(
        {"bgcolor", "background", "border", "cellpadding", "cellspacing", "width", "height"}
        | {"summary", "rules", "frame"}
    ),
    "tbody": frozenset({"bgcolor", "valign"}),
    "td": frozenset(
        {"bgcolor", "background", "colspan", "rowspan", "width", "height", "valign", "nowrap"}
    ),
    "th": frozenset(
        {"bgcolor", "background", "colspan", "rowspan", "width", "height", "valign", "nowrap"}
        | {"scope", "abbr"}
    ),
    "time": frozenset({"datetime"}),
    "tr": frozenset({"bgcolor", "background", "valign", "height"}),
    "ul": frozenset({"type"}),
}
# What nh3 lets through to our policy, which judges every URL itself; the last two are ours.
_SCHEMES = {"http", "https", "mailto", "tel", "cid", "data", "mail-part", "mail-remote"}

_PROPERTIES = frozenset({
    "background", "background-color", "background-image", "background-position",
    "background-repeat", "background-size", "border", "border-bottom", "border-bottom-color",
    "border-bottom-left-radius", "border-bottom-right-radius", "border-bottom-style",
    "border-bottom-width", "border-collapse", "border-color", "border-left",
    "border-left-color", "border-left-style", "border-left-width", "border-radius",
    "border-right", "border-right-color", "border-right-style", "border-right-width",
    "border-spacing", "border-style", "border-top", "border-top-color",
    "border-top-left-radius", "border-top-right-radius", "border-top-style", "border-top-width",
    "border-width", "box-shadow", "box-sizing", "caption-side", "clear", "color", "direction",
    "display", "empty-cells", "float", "font", "font-family", "font-size", "font-stretch",
    "font-style", "font-variant", "font-weight", "gap", "height", "hyphens", "justify-content",
    "align-items", "flex", "flex-direction", "flex-wrap", "letter-spacing", "line-height",
    "list-style", "list-style-position", "list-style-type", "margin", "margin-bottom",
    "margin-left", "margin-right", "margin-top", "max-height", "max-width", "min-height",
    "min-width", "opacity", "overflow", "overflow-wrap", "padding", "padding-bottom",
    "padding-left", "padding-right", "padding-top", "quotes", "table-layout", "text-align",
    "text-decoration", "text-decoration-color", "text-decoration-line", "text-decoration-style",
    "text-indent", "text-overflow", "text-shadow", "text-transform", "unicode-bidi",
    "vertical-align", "visibility", "white-space", "width", "word-break", "word-spacing",
    "word-wrap",
})  # fmt: skip
# Functions that compute a value; everything else with a parenthesis is refused, so that no new
# way to name a URL (image-set, cross-fade, element, src) passes before we know of it.
_FUNCTION = re.compile(r"([A-Za-z-]*)\s*\(")
_SAFE_FUNCTIONS = frozenset({
    "rgb", "rgba", "hsl", "hsla", "calc", "min", "max", "clamp", "linear-gradient",
    "radial-gradient", "-webkit-linear-gradient",
})  # fmt: skip
_CSS_URL = re.compile(r"url\(\s*(\"[^\"\\]*\"|'[^'\\]*'|[^\s\"'()\\]*)\s*\)", re.IGNORECASE)
_CSS_STRING = re.compile(r"\"[^\"]*\"?|'[^']*'?")
_PLAIN_STRING = re.compile(r"\"[\w ,.&+-]*\"|'[\w ,.&+-]*'")
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DECLARATION = re.compile(r"((?:[^;\"'()]|\"[^\"]*\"|'[^']*'|\([^()]*(?:\([^()]*\)[^()]*)*\))+)")
_IMAGE_DATA = re.compile(
    r"data:image/(?:png|gif|jpe?g|webp|bmp);base64,[A-Za-z0-9+/=\s]+", re.IGNORECASE
)
_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060\ufeff]+")
_HIDDEN = re.compile(
    r"(?:^|;)(?:display:none|visibility:hidden|mso-hide:all|opacity:0(?:\.0+)?(?:;|!|$))"
)
_NO_HEIGHT = re.compile(r"(?:^|;)(?:max-)?height:0(?:px)?(?:;|!|$)")
_SAFE_ID = re.compile(r"[\w.:-]{1,120}")


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML that can be shown.

    Attributes:
        html: A fragment for a body. A remote image that is blocked has no `src` but
            `data-remote="n"`, n being its index in `remote_images`.
        remote_images: The remote images it names, each URL once, in order.
        links: Its links, in order.
        is_cut: It was too long, and the end is missing.
    """

    html: str
    remote_images: tuple[str, ...] = ()
    links: tuple[link.Link, ...] = ()
    is_cut: bool = False

    @property
    def has_remote(self) -> bool:
        """Whether there is a remote image."""
        return bool(self.remote_images)


class _Policy:
    """What becomes of each attribute; keeps a list of the remote images it saw."""

    def __init__(
        self, parts: Mapping[str, str], remote: Callable[[int, str], str] | None, location: str
    ) -> None:
        self.parts = parts
        self.remote = remote
        self.location = location
        self.remote_images: dict[str, int] = {}
        self.styles: dict[str, str] = {}

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        if name == "style":
            # Mail repeats its few styles in every cell.
            if value not in self.styles:
                self.styles[value] = self.style(value)
            return self.styles[value] or None
        if name == "src":
            return self.image(value)
        if name == "background":
            url = self.image(value)
            return url if url and not url.startswith("data-remote:") else None
        if name == "href":
            return _link_target(value)
        if name in {"id", "name"}:
            return f"m-{value}" if _SAFE_ID.fullmatch(value) else None
        if name == "cite":
            return None if tag == "blockquote" and not value.startswith("http") else value
        if "(" in value and name not in {"title", "alt", "summary", "aria-label", "abbr"}:
            return None
        return value

    def image(self, value: str) -> str | None:
        """Return what an image's address becomes; `data-remote:n` for a blocked one."""
        value = value.strip()
        url = _CONTROL_OR_SPACE.sub("", value)
        lower = url[:12].lower()
        if lower.startswith("data:"):
            return value if _IMAGE_DATA.fullmatch(value) else None
        if lower.startswith("cid:"):
            return self.parts.get(unquote(url[4:])) or self.parts.get(url[4:])
        if url in self.parts:  # an image named by its Content-Location (RFC 2557)
            return self.parts[url]
        if lower.startswith("//"):
            url = f"https:{url}"
        elif not lower.startswith(("http://", "https://")):
            return self.parts.get(f"{self.location}{url}") if self.location else None
        if not link.host_of(url):
            return None
        number = self.remote_images.setdefault(url, len(self.remote_images))
        return self.remote(number, url) if self.remote else f"data-remote:{number}"

    def style(self, value: str) -> str:
        """Return the declarations of a style attribute that are allowed, URLs replaced."""
        value = _CSS_COMMENT.sub(" ", value)
        if "\\" in value or "<" in value or "@" in value:
            # Escapes hide names, and honest mail has none but in font names nobody misses.
            value = ";".join(
                piece for piece in value.split(";") if not set(piece) & {"\\", "<", "@"}
            )
        kept = []
        for declaration in _DECLARATION.findall(value):
            name, colon, content = declaration.partition(":")
            name = name.strip().lower()
            if not colon or name not in _PROPERTIES:
                continue
            checked = self._checked_value(content.strip())
            if checked:
                kept.append(f"{name}:{checked}")
        return ";".join(kept)

    def _checked_value(self, content: str) -> str | None:
        if "url(" not in content.lower() and not _are_plain_strings(content):
            return None
        if "(" not in content:
            return content
        named: list[str] = []

        def replaced(found: re.Match[str]) -> str:
            url = self.image(found[1].strip("\"'"))
            if url is None or url.startswith(("data-remote:", "data:")):
                return "none"
            named.append(url)
            return f"\x00{len(named) - 1}\x00"

        content = _CSS_URL.sub(replaced, content)
        if not _are_plain_strings(content):
            return None
        functions = {name.lower() for name in _FUNCTION.findall(content)}
        if not functions <= _SAFE_FUNCTIONS:
            return None
        for index, url in enumerate(named):
            quoted = url.replace('"', "%22").replace("\\", "%5c").replace("(", "%28")
            content = content.replace(f"\x00{index}\x00", f'url("{quoted}")')
        return content


def _are_plain_strings(content: str) -> bool:
    """Whether the strings of a style value are only names, as those of fonts."""
    return all(_PLAIN_STRING.fullmatch(string) for string in _CSS_STRING.findall(content))


def _link_target(value: str) -> str | None:
    """Return a link's address, or None for one that leads nowhere good."""
    url = value.strip().strip("\x00")
    squeezed = _CONTROL_OR_SPACE.sub("", url).lower()
    if squeezed.startswith("#"):
        fragment = url[1:]
        return f"#m-{fragment}" if _SAFE_ID.fullmatch(fragment) else None
    if squeezed.startswith("//"):
        return f"https:{_CONTROL_OR_SPACE.sub('', url)}"
    if squeezed.startswith(("http://", "https://")):
        return _CONTROL_OR_SPACE.sub("", url)
    if squeezed.startswith(("mailto:", "tel:")):
        return url
    if squeezed.startswith("www."):
        return f"https://{_CONTROL_OR_SPACE.sub('', url)}"
    return None


def sanitise(
    source: str,
    *,
    parts: Mapping[str, str] | None = None,
    remote: Callable[[int, str], str] | None = None,
    location: str = "",
    known: Iterable[str] = (),
) -> SafeHtml:
    """Return HTML that can be shown; never fails.

    Args:
        source: HTML as it came.
        parts: Content-ID (without brackets) or Content-Location → URL to show that part under; see
            `part_urls`.
        remote: What a remote image's URL becomes, given its number and URL; None blocks them. Its
            scheme has to be mail-remote, as that of `parts` has to be mail-part.
        location: The HTML part's Content-Location, which relative image names count from.
        known: Domains the reader trusts, for the warnings about links: the sender's.
    """
    is_cut = len(source) > MAX_CHARACTERS
    source = nesting.limit(source[:MAX_CHARACTERS].replace("\x00", ""))
    policy = _Policy(parts or {}, remote, location.rpartition("/")[0] + "/" if location else "")
    cleaner = nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_CONTENT_DROPPED),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=policy.attribute,
        url_schemes=_SCHEMES,
        url_relative="pass_through",
        filter_style_properties=set(_PROPERTIES),
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    cleaned = cleaner.clean(_visible_body(stylesheet.inline(source)))
    cleaned = _BLOCKED_IMAGE.sub(r'data-remote="\1"', cleaned)
    return SafeHtml(
        html=cleaned,
        remote_images=tuple(policy.remote_images),
        links=tuple(_links(cleaned, tuple(known))),
        is_cut=is_cut,
    )


_BLOCKED_IMAGE = re.compile(r'(?<= )src="data-remote:([0-9]+)"')


def _visible_body(source: str) -> str:
    """Return what can be seen of the body, in a div with the body's colours.

    A fragment would lose those, and viewers without CSS would show what the sender hides: the
    preheaders of newsletters, and text against filters.
    """
    lower = source.lower()
    may_hide = "hidden" in lower or "none" in lower or "opacity" in lower or "hide" in lower
    if "<body" not in lower and not may_hide:
        return source
    body = LexborHTMLParser(source).body
    if body is None:
        return source
    if may_hide:
        for node in body.css("[style],[hidden]"):
            if node.tag != "body" and _is_hidden(node):
                node.decompose()
    styles = [] if _is_hidden(body) else [body.attributes.get("style") or ""]
    for attribute, style in (("bgcolor", "background-color"), ("text", "color")):
        value = body.attributes.get(attribute)
        if value and re.fullmatch(r"#?[A-Za-z0-9]{3,20}", value):
            styles.insert(0, f"{style}:{value}")
    kept = ";".join(filter(None, styles))
    direction = body.attributes.get("dir") or ""
    inner = body.inner_html or ""
    if not kept and not direction:
        return inner
    return f'<div dir="{escape(direction)}" style="{escape(kept)}">{inner}</div>'


def _is_hidden(node: LexborNode) -> bool:
    if "hidden" in node.attributes:
        return True
    style = "".join((node.attributes.get("style") or "").split()).lower()
    # A font size of 0 is none of these: layouts set it around the text they show.
    return bool(_HIDDEN.search(style)) or (
        "overflow:hidden" in style and _NO_HEIGHT.search(style) is not None
    )


def _links(cleaned: str, known: Sequence[str]) -> list[link.Link]:
    if "href=" not in cleaned:
        return []
    found = []
    for node in LexborHTMLParser(cleaned).css("a[href]"):
        url = node.attributes.get("href") or ""
        if url.startswith("#"):
            continue
        words = " ".join(node.text(deep=True).split())
        found.append(link.Link(url, words, link.warning(url, words, known)))
    return found


def part_urls(root: Part, prefix: str = "mail-part:/") -> dict[str, str]:
    """Return what `sanitise` wants as `parts`: Content-ID and Content-Location → prefix + number.

    Args:
        root: The message's tree.
        prefix: What to put before the IMAP part number.
    """
    urls: dict[str, str] = {}
    for part in root.walk():
        if part.children:
            continue
        for name in (part.content_id, part.location):
            if name:
                urls.setdefault(name, f"{prefix}{part.number}")
    return urls


def join(parts: Sequence[Part], *, label: str | None = None) -> str:
    """Return the source of several parts as one HTML text; plain ones keep their line breaks.

    Args:
        parts: In their order.
        label: A charset a person chose instead of those that the parts name.
    """
    pieces = []
    for part in parts:
        content = text_module.of_part(part, label).text
        if part.media_type != "text/html":
            content = f'<div style="white-space:pre-wrap">{escape(content)}</div>'
        pieces.append(content)
    return "\n".join(pieces)
