"""The Qt palette made of a theme's tokens, so that every standard widget fits without a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPalette

if TYPE_CHECKING:
    from desktopmail.ui.theme.tokens import Tokens

_Role = QPalette.ColorRole
_Group = QPalette.ColorGroup


def build_palette(tokens: Tokens) -> QPalette:
    """Return the palette of a theme."""
    palette = QPalette()
    for role, colour in (
        (_Role.Window, tokens.chrome),
        (_Role.WindowText, tokens.text),
        (_Role.Base, tokens.surface),
        (_Role.AlternateBase, tokens.sunken),
        (_Role.Text, tokens.text),
        (_Role.PlaceholderText, tokens.faint),
        (_Role.Button, tokens.raised),
        (_Role.ButtonText, tokens.text),
        (_Role.BrightText, tokens.danger),
        (_Role.Highlight, tokens.accent),
        (_Role.HighlightedText, tokens.accent_text),
        (_Role.Accent, tokens.accent),
        (_Role.Link, tokens.accent),
        (_Role.LinkVisited, tokens.accent),
        (_Role.ToolTipBase, tokens.snack),
        (_Role.ToolTipText, tokens.snack_text),
        (_Role.Light, tokens.raised),
        (_Role.Midlight, tokens.hover),
        (_Role.Mid, tokens.border),
        (_Role.Dark, tokens.border_strong),
        (_Role.Shadow, tokens.border_strong),
    ):
        palette.setColor(role, QColor(colour))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText):
        palette.setColor(_Group.Disabled, role, QColor(tokens.faint))
    palette.setColor(_Group.Disabled, _Role.Highlight, QColor(tokens.selected))
    palette.setColor(_Group.Disabled, _Role.HighlightedText, QColor(tokens.muted))
    return palette
