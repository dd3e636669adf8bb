"""Every module can be imported where there is no more than Windows has."""

from __future__ import annotations

import json

from tests.helpers.without import run_without

_IMPORT_ALL = """
import importlib, json, pkgutil, sys

import desktopmail, localserver

failed, seen = {}, 0
for package in (desktopmail, localserver):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        try:
            importlib.import_module(module.name)
            seen += 1
        except Exception as error:
            failed[module.name] = repr(error)
print(json.dumps([seen, failed, [n for n in ("fcntl", "pwd", "resource") if sys.modules[n]]]))
"""


def test_no_module_needs_what_only_unix_has() -> None:
    done = run_without(_IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    seen, failed, there = json.loads(done.stdout)
    assert failed == {}
    assert there == []
    assert seen > 500
