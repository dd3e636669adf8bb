from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Qt

from desktopmail.ui.facts import FactTable

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktopmail.ui.theme.theme import Theme


def test_columns_are_as_wide_as_the_texts_of_rows_that_come(theme: Theme, qtbot: QtBot) -> None:  # noqa: ARG001 - its style
    table = FactTable("Connections", ["From", "Protocol", "For"])
    qtbot.addWidget(table)
    table.resize(600, 200)
    table.show()
    long = "imaps, INBOX selected"
    table.fill([(1, ["127.0.0.1:40000", long, "34 seconds"])])
    metrics = table.fontMetrics()
    assert table.columnWidth(1) >= metrics.horizontalAdvance(long) + 10
    assert table.columnWidth(2) >= metrics.horizontalAdvance("34 seconds") + 10
    assert sum(table.columnWidth(column) for column in range(3)) == table.viewport().width()


def test_a_long_address_leaves_the_name_before_it_its_part(theme: Theme, qtbot: QtBot) -> None:  # noqa: ARG001 - its style
    table = FactTable("People", ["Name", "Address", "Since"])
    qtbot.addWidget(table)
    table.fill([(1, ["Anna Weber", "somebody@" + "department." * 9 + "example", "today"])])
    table.resize(400, 200)
    table.show()
    assert table.columnWidth(0) >= 130
    assert table.columnWidth(2) >= table.fontMetrics().horizontalAdvance("today") + 10
    assert table.horizontalScrollBar().maximum() == 0
    table.resize(900, 200)
    assert table.columnWidth(1) > 400


def test_what_is_said_of_no_rows_takes_the_width_there_is(theme: Theme, qtbot: QtBot) -> None:  # noqa: ARG001 - its style
    table = FactTable("People", ["Name", "Address"])
    qtbot.addWidget(table)
    table.fill([], nothing="Nobody is in the address book yet. Whom you write to is completed.")
    table.resize(600, 200)
    table.show()
    assert table._empty.width() == table.viewport().width()
    assert table._empty.height() < 3 * table.fontMetrics().height()


def test_numbers_stand_at_the_end_and_every_text_in_its_direction(
    theme: Theme,  # noqa: ARG001 - its style
    qtbot: QtBot,
) -> None:
    table = FactTable("Users", ["User", "Size"], numbers=[1])
    qtbot.addWidget(table)
    table.fill([(1, ["anna", "130 kB"])])
    size = table.model().index(0, 1)
    assert size.data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert table.itemDelegate().displayText(size.data(), QLocale()) == "\u2068130 kB\u2069"
    assert table.texts() == [["anna", "130 kB"]]
