"""The colours of a theme by their purpose, read from `resources/themes`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from desktopmail import resources
from desktopmail.ui import flat_table


@dataclass(frozen=True, slots=True)
class Tokens:
    """One colour for each purpose, as `#rrggbb` or `#aarrggbb`."""

    chrome: str
    sidebar: str
    surface: str
    raised: str
    sunken: str
    border: str
    border_strong: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_text: str
    accent_soft: str
    selected: str
    hover: str
    star: str
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str
    success: str
    success_soft: str
    shadow: str
    snack: str
    snack_text: str
    snack_accent: str


def load_tokens(name: str) -> Tokens:
    """Read `resources/themes/<name>.toml`.

    Raises:
        ValueError: The file names too few or unknown colours.
    """
    table = flat_table.read(resources.path("themes", f"{name}.toml").read_text(encoding="utf-8"))[
        ""
    ]
    expected = {field.name for field in dataclasses.fields(Tokens)}
    if table.keys() != expected:
        odd = ", ".join(sorted(table.keys() ^ expected))
        raise ValueError(f"The theme {name} has missing or unknown colours: {odd}.")
    return Tokens(**table)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two opaque colours (WCAG 2.2), 1 to 21."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    def linear(octet: int) -> float:
        share = octet / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(octet) for octet in bytes.fromhex(colour[-6:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
