"""Commands that are their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.select import Unselect
from tests.helpers.imap import command_both_ways, refused_command

if TYPE_CHECKING:
    from desktopmail.wire.imap.bare import Bare


@pytest.mark.parametrize("command", [Noop(), Unselect()])
def test_the_name_is_all_there_is(command: Bare) -> None:
    command_both_ways(command.name, command)
    refused_command(command.name + b" x")


def test_commands_of_different_names_differ() -> None:
    assert Noop() != Unselect()
    assert Noop() == Noop()
