from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap

from desktopmail.ui.theme.theme import Scheme, Theme
from desktopmail.ui.theme.tokens import contrast, load_tokens

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

READ_ON = (
    ("text", ("surface", "sidebar", "chrome", "raised", "sunken", "accent_soft", "selected")),
    ("muted", ("surface", "sidebar", "chrome", "raised", "sunken")),
    ("faint", ("surface", "chrome", "raised")),
    ("accent", ("surface", "raised", "chrome")),
    ("accent_text", ("accent",)),
    ("danger", ("surface", "danger_soft")),
    ("warning", ("warning_soft",)),
    ("success", ("surface",)),
    ("snack_text", ("snack",)),
    ("snack_accent", ("snack",)),
)


@pytest.mark.parametrize("name", ["light", "dark", "contrast-light", "contrast-dark"])
def test_every_text_keeps_four_and_a_half_to_one_on_its_grounds(name: str) -> None:
    tokens = load_tokens(name)
    weak = [
        (ink, ground, round(ratio, 2))
        for ink, grounds in READ_ON
        for ground in grounds
        if (ratio := contrast(getattr(tokens, ink), getattr(tokens, ground))) < 4.5
    ]
    assert weak == []


@pytest.mark.parametrize("name", ["contrast-light", "contrast-dark"])
def test_with_high_contrast_all_is_told_seven_to_one_and_lines_five(name: str) -> None:
    tokens = load_tokens(name)
    inks = ("text", "muted", "faint", "accent", "star", "danger", "warning", "success")
    assert [ink for ink in inks if contrast(getattr(tokens, ink), tokens.surface) < 7] == []
    for ground in (tokens.accent_soft, tokens.selected):
        assert contrast(tokens.text, ground) >= 7
        assert contrast(tokens.accent, ground) >= 7
    assert contrast(tokens.border, tokens.surface) >= 5


def test_what_is_selected_has_an_edge_where_the_system_asks_for_contrast(
    qapp: QApplication, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edge() -> str:
        picture = QPixmap(40, 20)
        picture.fill(theme.colour("selected"))
        painter = QPainter(picture)
        theme.paint_edge(painter, picture.rect())
        painter.end()
        return picture.toImage().pixelColor(1, 10).name()

    assert edge() == theme.tokens.selected
    with monkeypatch.context() as patch:
        patch.setattr("desktopmail.ui.theme.theme.wants_contrast", lambda: True)
        theme.choose(Scheme.DARK)
        assert theme.is_contrast
        assert qapp.palette().window().color().name() == "#000000"
        assert edge() == theme.tokens.accent == "#ffff00"
    theme.choose(Scheme.LIGHT)
    assert not theme.is_contrast


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_tinted_icons_follow_the_theme(qapp: QApplication, theme: Theme) -> None:
    action = QAction()
    theme.tint(action, "archive", "text")
    light = action.icon().pixmap(20, 20).toImage()
    theme.choose(Scheme.DARK)
    try:
        assert theme.dark
        assert qapp.palette().window().color().lightness() < 60
        assert action.icon().pixmap(20, 20).toImage() != light
    finally:
        theme.choose(Scheme.LIGHT)
    assert qapp.palette().window().color().lightness() > 200


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_an_icon_is_drawn_in_the_size_and_colour_that_is_asked_for(
    theme: Theme, ratio: float
) -> None:
    icon = theme.icon("star-filled", "danger")
    drawn = icon.pixmap(QSize(20, 20), ratio)
    assert drawn.size() == QSize(round(20 * ratio), round(20 * ratio))
    assert drawn.devicePixelRatio() == ratio
    middle = drawn.toImage().pixelColor(round(10 * ratio), round(10 * ratio))
    assert middle.name() == theme.tokens.danger
    disabled = icon.pixmap(QSize(20, 20), QIcon.Mode.Disabled).toImage().pixelColor(10, 10)
    assert disabled.name() == theme.tokens.border_strong


def test_a_copied_icon_draws_the_same(theme: Theme) -> None:
    icon = QIcon(theme.icon("star-filled", "danger"))
    icon.addPixmap(QPixmap())  # has Qt make an engine of its own for it
    assert not icon.pixmap(QSize(16, 16)).isNull()


def test_an_icon_that_is_drawn_nowhere_is_told_at_once(theme: Theme) -> None:
    with pytest.raises(FileNotFoundError):
        theme.icon("no-such-icon")
