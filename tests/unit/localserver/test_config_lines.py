"""Lines of keys in TOML."""

from __future__ import annotations

import pytest

from localserver.config_lines import ConfigLines

TEXT = """# a comment = no key
domain = "x"
"quoted key" = 1
limits.login_s = 5

[listen] # a table
smtp = 1
[[filter]]
kind = "spam"
[[ filter ]]
  kind = "rate"
[aliases]
smtp = "x"
'domain' = "y"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("domain",), 2),
        (("quoted key",), 3),
        (("limits", "login_s"), 4),
        (("listen",), 6),
        (("listen", "smtp"), 7),
        (("filter", 0), 8),
        (("filter", 0, "kind"), 9),
        (("filter", 1, "kind"), 11),
        (("aliases", "smtp"), 13),
        (("aliases", "domain"), 14),
    ],
)
def test_a_key_is_found_in_its_own_table(path: tuple[str | int, ...], line: int) -> None:
    assert ConfigLines(TEXT).line(*path) == line


def test_what_has_no_line_of_its_own_stands_in_its_table() -> None:
    assert ConfigLines(TEXT).line("filter", 1, "action") == 10
    assert ConfigLines(TEXT).line("nowhere", "at all") == 1
