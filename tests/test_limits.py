"""Sizes that keep review easy: a file, a function, how deep blocks stand in each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINES_OF_FILE = {"src": 300, "tests": 400, "benchmarks": 300}
LINES_OF_FUNCTION = 60
NESTING = 3
NO_NAMES = {"utils", "misc", "common", "helpers"}
FILES = sorted(path for top in LINES_OF_FILE for path in (ROOT / top).rglob("*.py"))
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.AsyncFor, ast.AsyncWith)


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def nesting(node: ast.AST) -> int:
    """How many blocks stand in each other below a node; `elif` counts as its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        own = isinstance(child, BLOCKS) and not is_elif
        deepest = max(deepest, own + nesting(child))
    return deepest


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_sizes(path: Path) -> None:
    text = path.read_text()
    lines, limit = text.count("\n"), LINES_OF_FILE[path.relative_to(ROOT).parts[0]]
    assert lines <= limit, f"{path.name} has {lines} lines of at most {limit}: split it"
    for function in functions(ast.parse(text)):
        place = f"{path.name}:{function.lineno} {function.name}"
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= LINES_OF_FUNCTION, f"{place} has {lines} lines"
        assert nesting(function) <= NESTING, f"{place} nests too deep"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_drawer_for_everything(path: Path) -> None:
    assert not NO_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize(
    ("code", "depth"),
    [
        ("def f(): pass", 0),
        ("def f():\n if a:\n  pass\n elif b:\n  pass\n else:\n  pass", 1),
        ("def f():\n for a in b:\n  if a:\n   with c:\n    pass", 3),
        ("def f():\n if a:\n  pass\n else:\n  for b in c:\n   pass", 2),
        ("def f():\n if a:\n  def g():\n   if b:\n    pass", 1),
    ],
)
def test_nesting_is_counted(code: str, depth: int) -> None:
    assert nesting(functions(ast.parse(code))[0]) == depth
