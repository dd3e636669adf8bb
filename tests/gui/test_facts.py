from __future__ import annotations

from typing import TYPE_CHECKING

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
