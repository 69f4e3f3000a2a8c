"""Docstrings say what the signature cannot, and agree with it.

Every public class, function and method of the source has one. Where it lists arguments, it lists
all of them, in order. Every tensor among arguments, results and fields has its shape: `[N, 4]`,
"scalar", or a sentence with the word shape.
"""

import ast
import builtins
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import frcnn

SOURCE = Path(frcnn.__path__[0])
FILES = sorted(SOURCE.rglob("*.py"))
SHAPE = re.compile(r"\[[^\]]+\]|\b[Ss]calars?\b|\bshapes?\b")
TENSOR = re.compile(r"^(Sequence|list|tuple|Iterable|Iterator)?\[?(torch\.)?Tensor\b")
SECTIONS = ("Args", "Returns", "Yields", "Raises")
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Found(NamedTuple):
    """A public definition and where it stands."""

    node: Definition
    name: str


def public(body: list[ast.stmt], before: str = "") -> Iterator[Found]:
    """Public classes, functions and methods, not those inside functions."""
    for node in body:
        if not isinstance(node, Definition):
            continue
        hidden = node.name.startswith("_") and node.name != "__init__"
        if hidden or _is_overload(node):
            continue
        name = f"{before}{node.name}"
        yield Found(node, name)
        if isinstance(node, ast.ClassDef):
            yield from public(node.body, f"{name}.")


def _is_overload(node: Definition) -> bool:
    return any("overload" in ast.unparse(d) for d in node.decorator_list)


def sections(docstring: str) -> dict[str, str]:
    """Google-style sections by name; what stands before the first is under ""."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):$", docstring, flags=re.MULTILINE)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def listed(section: str) -> dict[str, str]:
    """Names of an Args section with their texts, in order."""
    lines = [line for line in section.splitlines() if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    entries: dict[str, str] = {}
    for line in lines:
        head = re.match(r"\*{0,2}(\w+)(?: \([^)]*\))?:(.*)", line[margin:])
        if head:
            name = head[1]
            entries[name] = head[2]
        elif entries and line[margin] == " ":
            entries[name] += line
        else:
            break  # a paragraph after the section
    return entries


def parameters(node: Function) -> dict[str, str]:
    """Names of all parameters but a method's own first, with their annotations as text."""
    given = node.args
    every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    bare = [a for a in every[:1] if a and not a.annotation and a.arg in ("self", "cls")]
    return {
        a.arg: ast.unparse(a.annotation) if a.annotation else ""
        for a in every
        if a and a not in bare
    }


def faults(found: Found) -> list[str]:
    """What is wrong with one definition's docstring."""
    docstring = ast.get_docstring(found.node)
    if not docstring:
        if found.name.endswith("__init__") and not parameters(found.node):  # type: ignore[arg-type]
            return []
        return ["has no docstring"]
    if isinstance(found.node, ast.ClassDef):
        return _field_faults(found.node, docstring)
    return _argument_faults(found.node, docstring) + _result_faults(found.node, docstring)


def _argument_faults(node: Function, docstring: str) -> list[str]:
    parts, wanted = sections(docstring), parameters(node)
    texts = listed(parts["Args"]) if "Args" in parts else dict.fromkeys(wanted, parts[""])
    if list(texts) != list(wanted):
        return [f"lists {list(texts)}, the signature has {list(wanted)}"]
    return [
        f"gives no shape for {name}"
        for name, annotation in wanted.items()
        if TENSOR.match(annotation) and not SHAPE.search(texts[name])
    ]


def _result_faults(node: Function, docstring: str) -> list[str]:
    if not node.returns or not TENSOR.match(ast.unparse(node.returns)):
        return []
    parts = sections(docstring)
    text = parts.get("Returns") or parts.get("Yields") or parts[""]
    return [] if SHAPE.search(text) else ["gives no shape for its result"]


def _field_faults(node: ast.ClassDef, docstring: str) -> list[str]:
    found = []
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(field, ast.AnnAssign) or not TENSOR.match(ast.unparse(field.annotation)):
            continue
        own = after.value if isinstance(after, ast.Expr) else None
        text = own.value if isinstance(own, ast.Constant) else docstring
        if not SHAPE.search(str(text)):
            found.append(f"gives no shape for {ast.unparse(field.target)}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_docstrings_agree_with_signatures(path: Path) -> None:
    tree = ast.parse(path.read_text())
    wrong = [
        f"{path.name}:{found.node.lineno} {found.name} {fault}"
        for found in public(tree.body)
        for fault in faults(found)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_file_says_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, f"{path.name} has no docstring"
    assert docstring.splitlines()[0].endswith((".", ":")), "the first line is a sentence"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_raised_names_exist(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for found in public(tree.body):
        section = sections(ast.get_docstring(found.node) or "").get("Raises", "")
        unknown = [name for name in listed(section) if not _is_exception(name)]
        assert not unknown, f"{path.name}:{found.node.lineno} raises {unknown}"


def _is_exception(name: str) -> bool:
    return hasattr(builtins, name) or name in _exceptions()


@functools.cache
def _exceptions() -> set[str]:
    trees = [ast.parse(path.read_text()) for path in FILES]
    classes = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    return {c.name for c in classes if c.bases and c.name.endswith(("Error", "Interrupted"))}


GOOD = '''
def scale(boxes: Tensor, by: float) -> Tensor:
    """Scale boxes.

    Args:
        boxes: [N, 4] float32,
            pixels.
        by: a factor.

    Returns:
        [N, 4] float32.

    And a last word.
    """
'''


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (GOOD, None),
        (GOOD.replace("boxes: [N, 4]", "boxes: some"), "no shape for boxes"),
        (GOOD.replace("        by: a factor.\n", ""), "lists ['boxes']"),
        (GOOD.replace("by: a", "times: a"), "lists ['boxes', 'times']"),
        (GOOD.replace("        [N, 4] float32.\n", "        Boxes.\n"), "no shape for its result"),
        ("def f(boxes: Tensor) -> Tensor:\n    '''Turn [N, 4] round.'''", None),
        ("def f(boxes: Tensor) -> Tensor:\n    '''Turn round.'''", "no shape"),
        ("def f(): pass", "no docstring"),
        ("class A:\n    '''A.'''\n    def f(self): pass", "no docstring"),
        ("class A:\n    '''A.'''\n    x: Tensor\n    '''Boxes.'''", "no shape for x"),
        ("class A:\n    '''A.'''\n    x: Tensor\n    '''[N, 4].'''", None),
        ("class A:\n    '''Two scalars.'''\n    x: Tensor\n    y: Tensor", None),
        ("def _f(): pass", None),
    ],
)
def test_planted_faults_are_found(code: str, fault: str | None) -> None:
    found = [text for item in public(ast.parse(code).body) for text in faults(item)]
    assert bool(found) == bool(fault), found
    assert fault is None or fault in found[0]
