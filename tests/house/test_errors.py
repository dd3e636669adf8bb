"""No exception is swallowed, and no dialog spins its own event loop inside a coroutine."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [
    pytest.param(path, id=str(path.relative_to(ROOT)))
    for package in ("desktopmail", "localserver")
    for path in sorted((ROOT / package).rglob("*.py"))
]
BROAD = {"Exception", "BaseException"}


def names_of(node: ast.expr | None) -> set[str]:
    if node is None:
        return {"BaseException"}
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {part.id for part in parts if isinstance(part, ast.Name)}


def does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass | ast.Continue) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def swallowed(tree: ast.AST) -> list[int]:
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            if names_of(node.type) & BROAD and all(does_nothing(line) for line in node.body):
                lines.append(node.lineno)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called == "suppress" and any(names_of(argument) & BROAD for argument in node.args):
                lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("path", MODULES)
def test_no_exception_is_swallowed(path: Path) -> None:
    assert swallowed(ast.parse(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", MODULES)
def test_no_coroutine_calls_exec(path: Path) -> None:
    lines = [
        call.lineno
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"exec", "exec_"}
    ]
    assert lines == []


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    ...",
        "with contextlib.suppress(Exception):\n    f()",
        "for x in y:\n  try:\n    f()\n  except (KeyError, BaseException):\n    continue",
    ],
)
def test_the_rule_sees_an_exception_that_is_swallowed(source: str) -> None:
    assert swallowed(ast.parse(source)) != []
