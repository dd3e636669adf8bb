"""The editor's document: filled with rich text, and read back as such."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QTextBlock,
    QTextBlockFormat,
    QTextBlockUserData,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrame,
    QTextImageFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTable,
    QTextTableFormat,
)

from desktopmail.mime.rich_text import (
    BREAK,
    COLOURS,
    SIZES,
    Image,
    Item,
    Look,
    Paragraph,
    Run,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUOTE_INDENT = 16
MAX_IMAGE_PX = 560
FONT_SIZE = QTextFormat.Property.FontSizeAdjustment
_SPACE = 7.0  # around a paragraph that keeps its distance
_OBJECT = "\ufffc"
_Property = QTextFormat.Property
_ALIGNMENTS = {"center": Qt.AlignmentFlag.AlignHCenter, "right": Qt.AlignmentFlag.AlignRight}
ORDERED = {
    QTextListFormat.Style.ListDecimal,
    QTextListFormat.Style.ListLowerAlpha,
    QTextListFormat.Style.ListUpperAlpha,
    QTextListFormat.Style.ListLowerRoman,
    QTextListFormat.Style.ListUpperRoman,
}
_BULLETS = (
    QTextListFormat.Style.ListDisc,
    QTextListFormat.Style.ListCircle,
    QTextListFormat.Style.ListSquare,
)


def insert(
    cursor: QTextCursor, items: Sequence[Item], link: QColor, *, goes_on: bool = False
) -> None:
    """Put rich text where a cursor is.

    Args:
        cursor: Where; its block is used for the first paragraph if it is empty.
        items: What to put in. Pictures are looked up among the document's resources, by URL.
        link: The colour of links.
        goes_on: The cursor's block is whole, even if it is empty.
    """
    is_first = cursor.block().length() <= 1 and not goes_on
    for item in items:
        if isinstance(item, Table):
            _insert_table(cursor, item, link)
            is_first = True  # Qt keeps an empty block behind a table
            continue
        if not is_first:
            cursor.insertBlock()
        _insert_paragraph(cursor, item, link)
        is_first = False


def _insert_paragraph(cursor: QTextCursor, paragraph: Paragraph, link: QColor) -> None:
    cursor.setBlockFormat(block_format(paragraph))
    cursor.setBlockCharFormat(QTextCharFormat())
    if paragraph.list_tag:
        into_list(cursor, paragraph)
    elif (found := list_of(cursor.block())) is not None:
        found.remove(cursor.block())
        cursor.setBlockFormat(block_format(paragraph))
    insert_runs(cursor, paragraph.runs, link, heading=paragraph.heading)


def insert_runs(
    cursor: QTextCursor, runs: Sequence[Run], link: QColor, *, heading: int = 0
) -> None:
    """Put letters and pictures where a cursor is, in place of its selection."""
    for run in runs:
        if run.image is None:
            cursor.insertText(run.text, char_format(run.look, link, heading=heading))
            continue
        picture = QTextImageFormat()
        picture.setName(run.image.url)
        picture.setProperty(_Property.ImageAltText, run.image.alt)
        size = shown_size(cursor.document(), run.image)
        if size is not None:
            picture.setWidth(size.width())
            picture.setHeight(size.height())
        elif run.image.width_px:
            picture.setWidth(run.image.width_px)
        if run.look.link:
            picture.setAnchor(True)
            picture.setAnchorHref(run.look.link)
        cursor.insertImage(picture)


def paste(cursor: QTextCursor, items: Sequence[Item], link: QColor) -> None:
    """Put rich text where a cursor is; words that are no whole paragraph join the line."""
    if len(items) == 1 and isinstance(items[0], Paragraph) and not items[0].list_tag:
        insert_runs(cursor, items[0].runs, link)
        return
    insert(cursor, items, link)


def shown_size(document: QTextDocument, image: Image) -> QSize | None:
    """How large a picture is shown; None for one that is not here."""
    found = document.resource(int(QTextDocument.ResourceType.ImageResource.value), QUrl(image.url))
    if not isinstance(found, QImage) or found.isNull():
        return None
    size = found.size()
    width = min(image.width_px or size.width(), MAX_IMAGE_PX)
    return QSize(width, max(round(size.height() * width / size.width()), 1))


def block_format(paragraph: Paragraph) -> QTextBlockFormat:
    """Return how a paragraph stands: its quote, its distance, its lines."""
    layout = QTextBlockFormat()
    layout.setLineHeight(130, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    if paragraph.quote:
        quote(layout, paragraph.quote)
    if paragraph.heading:
        layout.setHeadingLevel(paragraph.heading)
    if paragraph.align in _ALIGNMENTS:
        layout.setAlignment(_ALIGNMENTS[paragraph.align])
    if paragraph.is_spaced:
        layout.setTopMargin(_SPACE)
        layout.setBottomMargin(_SPACE)
    if paragraph.is_rule:
        layout.setProperty(
            _Property.BlockTrailingHorizontalRulerWidth,
            QTextLength(QTextLength.Type.PercentageLength, 100),
        )
    return layout


def quote(layout: QTextBlockFormat, level: int) -> None:
    """Quote a block `level` deep; 0 ends the quote."""
    layout.setProperty(_Property.BlockQuoteLevel, level)
    layout.setLeftMargin(level * QUOTE_INDENT)
    layout.setRightMargin(level * QUOTE_INDENT)  # for what is read from the right


def quote_level(block: QTextBlock) -> int:
    """How deeply a block is quoted; 0 for a person's own words."""
    return block.blockFormat().intProperty(_Property.BlockQuoteLevel)


def char_format(look: Look, link: QColor, *, heading: int = 0) -> QTextCharFormat:
    """Return how letters of a look are shown."""
    letters = QTextCharFormat()
    if look.bold or heading:
        letters.setFontWeight(QFont.Weight.Bold)
    if look.italic:
        letters.setFontItalic(True)
    if look.underline:
        letters.setFontUnderline(True)
    if look.strike:
        letters.setFontStrikeOut(True)
    if look.code:
        letters.setFontFixedPitch(True)
        letters.setFontFamilies(["monospace"])
    size = look.size or {1: 2, 2: 1, 3: 1}.get(heading, 0)
    if size:
        letters.setProperty(_Property.FontSizeAdjustment, size)
    if look.colour:
        letters.setForeground(QColor(look.colour))
    if look.link:
        letters.setAnchor(True)
        letters.setAnchorHref(look.link)
        letters.setForeground(link)
        letters.setFontUnderline(True)
    return letters


def into_list(cursor: QTextCursor, paragraph: Paragraph) -> None:
    """Make a block an item of the list above it if that is alike, else of a new one."""
    form = list_format(paragraph.list_tag, paragraph.indent, paragraph.start)
    before = cursor.block().previous()
    while (found := list_of(before)) is not None and not paragraph.is_first:
        if found.format().indent() == paragraph.indent:
            if (found.format().style() in ORDERED) == (paragraph.list_tag == "ol"):
                found.add(cursor.block())
                return
            break
        if found.format().indent() < paragraph.indent:
            break
        before = before.previous()
    cursor.createList(form)


def list_format(tag: str, indent: int, start: int = 1) -> QTextListFormat:
    """Return the format of a list of a kind ("ul" or "ol")."""
    form = QTextListFormat()
    form.setIndent(max(indent, 1))
    if tag == "ol":
        form.setStyle(QTextListFormat.Style.ListDecimal)
        form.setStart(start)
    else:
        form.setStyle(_BULLETS[(max(indent, 1) - 1) % len(_BULLETS)])
    return form


def _insert_table(cursor: QTextCursor, table: Table, link: QColor) -> None:
    form = QTextTableFormat()
    form.setCellPadding(4)
    form.setCellSpacing(0)
    form.setBorder(1)
    form.setBorderCollapse(True)
    if table.quote:
        form.setProperty(_Property.BlockQuoteLevel, table.quote)
        form.setLeftMargin(table.quote * QUOTE_INDENT)
    made = cursor.insertTable(len(table.rows), max(map(len, table.rows)), form)
    for number, row in enumerate(table.rows):
        for column, cell in enumerate(row):
            insert(made.cellAt(number, column).firstCursorPosition(), cell, link)
    cursor.setPosition(made.lastPosition() + 1)


def list_of(block: QTextBlock) -> QTextList | None:
    """Return the list a block is an item of."""
    return block.textList()  # the stubs do not know that it may be None


# ---- reading it back


def read(document: QTextDocument) -> tuple[Item, ...]:
    """Return what a document holds."""
    return tuple(_items(document.rootFrame().begin()))


def blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    """Every block, those of tables among them."""
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _items(at: QTextFrame.iterator) -> Iterator[Item]:
    last_list = -1
    while not at.atEnd():
        frame: QTextFrame | None = _frame(at)
        block = at.currentBlock()
        if isinstance(frame, QTextTable):
            yield Table(
                tuple(
                    tuple(_cell(frame, row, column) for column in range(frame.columns()))
                    for row in range(frame.rows())
                ),
                frame.format().intProperty(_Property.BlockQuoteLevel),
            )
        elif frame is not None:
            yield from _items(frame.begin())
        elif block.isValid():
            found = list_of(block)
            number = found.objectIndex() if found is not None else -1
            indent = found.format().indent() if found is not None else 0
            yield _kept_paragraph(block, number not in {-1, last_list} and indent == 1)
            if indent <= 1:
                last_list = number
        at += 1


def _frame(at: QTextFrame.iterator) -> QTextFrame | None:
    return at.currentFrame()


def _cell(table: QTextTable, row: int, column: int) -> tuple[Paragraph, ...]:
    cell = table.cellAt(row, column)
    if (cell.row(), cell.column()) != (row, column):
        return (Paragraph(),)  # covered by one that spans
    return tuple(item for item in _items(cell.begin()) if isinstance(item, Paragraph))


class _Kept(QTextBlockUserData):
    """What a block held when it was read last; reading all of a long text takes 100 ms."""

    def __init__(self, paragraph: Paragraph) -> None:
        super().__init__()
        self.paragraph: Paragraph | None = paragraph


def forget(document: QTextDocument, begin: int, end: int) -> None:
    """Read blocks anew next time: what lies between two positions changed."""
    block = document.findBlock(begin)
    while block.isValid() and block.position() <= end:
        kept = block.userData()
        if isinstance(kept, _Kept):
            kept.paragraph = None
        block = block.next()


def read_ahead(document: QTextDocument, begin: int) -> None:
    """Read blocks from a position on, so that reading all of the document is quick later."""
    block = document.findBlock(begin)
    while block.isValid():
        _kept_paragraph(block, is_first=False)
        block = block.next()


def _kept_paragraph(block: QTextBlock, is_first: bool) -> Paragraph:
    kept = block.userData()
    if isinstance(kept, _Kept) and kept.paragraph is not None:
        if kept.paragraph.is_first != is_first:
            kept.paragraph = replace(kept.paragraph, is_first=is_first)
        return kept.paragraph
    paragraph = _paragraph(block, is_first=is_first)
    block.setUserData(_Kept(paragraph))
    return paragraph


def _paragraph(block: QTextBlock, *, is_first: bool) -> Paragraph:
    layout = block.blockFormat()
    found = list_of(block)
    form = found.format() if found is not None else None
    align = ""
    if layout.hasProperty(_Property.BlockAlignment):
        align = next((name for name, it in _ALIGNMENTS.items() if layout.alignment() & it), "")
    heading = layout.headingLevel()
    tag = ""
    if form is not None:
        tag = "ol" if form.style() in ORDERED else "ul"
    return Paragraph(
        runs=tuple(_runs(block, heading=heading)),
        quote=quote_level(block),
        heading=heading,
        list_tag=tag,
        indent=form.indent() if form is not None else 0,
        start=max(form.start(), 1) if form is not None and tag == "ol" else 1,
        is_first=is_first,
        align=align,
        is_spaced=layout.topMargin() > 0 and form is None,
        is_rule=layout.hasProperty(_Property.BlockTrailingHorizontalRulerWidth),
    )


def _runs(block: QTextBlock, *, heading: int) -> Iterator[Run]:
    at = block.begin()
    while not at.atEnd():
        fragment = at.fragment()
        letters = fragment.charFormat()
        if letters.isImageFormat():
            picture = letters.toImageFormat()
            alt = str(picture.property(_Property.ImageAltText) or "")
            look = Look(link=letters.anchorHref() if letters.isAnchor() else "")
            for _ in range(fragment.text().count(_OBJECT)):
                yield Run(_OBJECT, look, Image(picture.name(), alt, round(picture.width())))
        else:
            text = fragment.text().replace(_OBJECT, "").replace("\u2029", BREAK)
            if text:
                yield Run(text, look_of(letters, heading=heading))
        at += 1


def look_of(letters: QTextCharFormat, *, heading: int = 0) -> Look:
    """Return the look of letters, as far as mail carries it."""
    url = letters.anchorHref() if letters.isAnchor() else ""
    colour = ""
    if letters.hasProperty(_Property.ForegroundBrush) and not url:
        colour = letters.foreground().color().name()
    size = letters.intProperty(_Property.FontSizeAdjustment)
    return Look(
        bold=letters.fontWeight() >= QFont.Weight.DemiBold and not heading,
        italic=letters.fontItalic(),
        underline=letters.fontUnderline() and not url,
        strike=letters.fontStrikeOut(),
        code=letters.fontFixedPitch(),
        size=size if size in SIZES and not heading else 0,
        colour=colour if colour in COLOURS.values() else "",
        link=url,
    )


def tint_links(document: QTextDocument, colour: QColor) -> None:
    """Show links in another colour (the theme changed)."""
    looks = QTextCharFormat()
    looks.setForeground(colour)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for block in blocks(document):
        at = block.begin()
        while not at.atEnd():
            fragment = at.fragment()
            if fragment.charFormat().isAnchor():
                cursor.setPosition(fragment.position())
                cursor.setPosition(
                    fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor
                )
                cursor.mergeCharFormat(looks)
            at += 1
    cursor.endEditBlock()
