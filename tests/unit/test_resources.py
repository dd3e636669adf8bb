"""Resources are found in a checkout."""

from __future__ import annotations

import pytest

from desktopmail import resources


def test_a_resource_of_the_checkout_is_found() -> None:
    assert resources.path("demo").is_dir()


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"resources/demo/nobody"):
        resources.path("demo", "nobody")
