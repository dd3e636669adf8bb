"""How what is written looks: letters, colours, links, lists and quotes of an editor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFont, QTextCharFormat, QTextCursor

from desktopmail.mime.rich_text import Look, Paragraph, Run
from desktopmail.ui.composer import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QTextBlock
    from PySide6.QtWidgets import QTextEdit

    from desktopmail.ui.theme.theme import Theme


class Looks:
    """Changes looks at the cursor of an editor, or in its selection.

    Args:
        edit: The editor.
        theme: Colours of links.
    """

    def __init__(self, edit: QTextEdit, theme: Theme) -> None:
        self._edit = edit
        self._theme = theme

    def look(self) -> Look:
        """The look of letters at the cursor."""
        return document.look_of(self._edit.currentCharFormat())

    def toggle(self, name: str) -> None:
        """Switch bold, italic, underline, strike or code for the selection or what follows."""
        letters = QTextCharFormat()
        is_on = not getattr(self.look(), name)
        match name:
            case "bold":
                letters.setFontWeight(QFont.Weight.Bold if is_on else QFont.Weight.Normal)
            case "italic":
                letters.setFontItalic(is_on)
            case "underline":
                letters.setFontUnderline(is_on)
            case "strike":
                letters.setFontStrikeOut(is_on)
            case _:
                letters.setFontFixedPitch(is_on)
                letters.setFontFamilies(["monospace"] if is_on else [self._edit.font().family()])
        self._edit.mergeCurrentCharFormat(letters)

    def set_colour(self, colour: str) -> None:
        """Write in a colour, or (empty) in the usual one."""
        self._change(colour=colour)

    def set_size(self, size: int) -> None:
        """Write in a size of `rich_text.SIZES`, or (0) in the usual one."""
        self._change(size=size)

    def clear_looks(self) -> None:
        """Take every look off the selection, or off what follows."""
        cursor = self._edit.textCursor()
        if not cursor.hasSelection():
            self._edit.setCurrentCharFormat(QTextCharFormat())
            return
        cursor.setCharFormat(QTextCharFormat())

    def _change(self, **changes: str | int) -> None:
        look = replace(self.look(), **changes)  # type: ignore[arg-type] # each of its field's type
        letters = document.char_format(look, self._theme.colour("accent"))
        cursor = self._edit.textCursor()
        if cursor.hasSelection():
            self._each_run(cursor, changes)
        else:
            self._edit.setCurrentCharFormat(letters)

    def _each_run(self, cursor: QTextCursor, changes: Mapping[str, str | int]) -> None:
        """Change one thing of all letters selected, and leave the rest of their looks alone."""
        letters = QTextCharFormat()
        if "colour" in changes:
            colour = changes["colour"] or self._theme.tokens.text
            letters.setForeground(QColor(str(colour)))
        if "size" in changes:
            letters.setProperty(document.FONT_SIZE, int(changes["size"]))
        cursor.mergeCharFormat(letters)

    def set_link(self, url: str, words: str) -> None:
        """Make the selection, or new words, a link; an empty URL takes the link off."""
        cursor = self._edit.textCursor()
        look = self.look()
        if not url:
            if not cursor.hasSelection():
                self._select_link(cursor)
            letters = document.char_format(replace(look, link=""), self._theme.colour("accent"))
            cursor.setCharFormat(letters)
            return
        run = Run(words or url, replace(look, link=url))
        after = document.char_format(replace(look, link=""), self._theme.colour("accent"))
        cursor.beginEditBlock()
        if not cursor.hasSelection() and look.link:
            self._select_link(cursor)
        document.insert_runs(cursor, (run,), self._theme.colour("accent"))
        cursor.endEditBlock()
        self._edit.setTextCursor(cursor)
        self._edit.setCurrentCharFormat(after)

    def link_at_cursor(self) -> tuple[str, str]:
        """The link the cursor is in, else the words selected: (URL, words)."""
        cursor = self._edit.textCursor()
        url = self.look().link
        if url and not cursor.hasSelection():
            self._select_link(cursor)
        return url, cursor.selectedText().replace("\u2029", " ")

    @staticmethod
    def _select_link(cursor: QTextCursor) -> None:
        at = cursor.block().begin()
        while not at.atEnd():
            fragment = at.fragment()
            end = fragment.position() + fragment.length()
            if fragment.charFormat().isAnchor() and fragment.position() < cursor.position() <= end:
                cursor.setPosition(fragment.position())
                cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
                return
            at += 1

    def list_tag(self) -> str:
        """The kind of list the cursor is in: "ul", "ol" or empty."""
        found = document.list_of(self._edit.textCursor().block())
        if found is None:
            return ""
        return "ol" if found.format().style() in document.ORDERED else "ul"

    def toggle_list(self, tag: str) -> None:
        """Make the paragraphs selected a list of a kind, or paragraphs again."""
        cursor = self._edit.textCursor()
        cursor.beginEditBlock()
        if self.list_tag() == tag:
            for block in self._selected_blocks():
                if (found := document.list_of(block)) is not None:
                    found.remove(block)
                plain = QTextCursor(block)
                layout = plain.blockFormat()
                layout.setIndent(0)
                plain.setBlockFormat(layout)
        else:
            found = document.list_of(cursor.block())
            indent = found.format().indent() if found is not None else 1
            cursor.createList(document.list_format(tag, indent))
        cursor.endEditBlock()

    def indent_list(self, by: int) -> bool:
        """Move the list's item deeper or out; False where the cursor is in no list."""
        cursor = self._edit.textCursor()
        found = document.list_of(cursor.block())
        if found is None:
            return False
        indent = found.format().indent() + by
        cursor.beginEditBlock()
        if indent < 1:
            self.toggle_list(self.list_tag())
        elif indent <= 6:
            paragraph = Paragraph(list_tag=self.list_tag(), indent=indent)
            document.into_list(cursor, paragraph)
        cursor.endEditBlock()
        return True

    @property
    def quote_level(self) -> int:
        """How deeply the cursor's paragraph is quoted."""
        return document.quote_level(self._edit.textCursor().block())

    def toggle_quote(self) -> None:
        """Quote the paragraphs selected, or end their quote."""
        level = 0 if self.quote_level else 1
        cursor = self._edit.textCursor()
        cursor.beginEditBlock()
        for block in self._selected_blocks():
            self.quote(QTextCursor(block), level)
        cursor.endEditBlock()
        self._edit.viewport().update()

    @staticmethod
    def quote(cursor: QTextCursor, level: int) -> None:
        """Quote a cursor's paragraph `level` deep."""
        layout = cursor.blockFormat()
        document.quote(layout, level)
        cursor.setBlockFormat(layout)

    def _selected_blocks(self) -> list[QTextBlock]:
        cursor = self._edit.textCursor()
        block = self._edit.document().findBlock(cursor.selectionStart())
        last = self._edit.document().findBlock(cursor.selectionEnd())
        found = []
        while block.isValid():
            found.append(block)
            if block == last:
                break
            block = block.next()
        return found
