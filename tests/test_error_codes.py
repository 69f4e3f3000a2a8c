"""Every code stands once in docs/errors.md, has one meaning, the right kind, and a remedy."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import frcnn
from frcnn import errors
from frcnn.errors import FrcnnError

SOURCE = Path(frcnn.__path__[0])
FILES = sorted(SOURCE.rglob("*.py"))
KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, FrcnnError)
}
DIGIT = {  # first digit of the codes that a kind may carry
    "FrcnnError": "0",
    "PictureError": "1",
    "AnnotationError": "2",
    "DataError": "12",
    "ConfigError": "3",
    "TrainingError": "4",
    "ModelFileError": "5",
    "DiskError": "6",
}
CODE = re.compile(r"RC\d{3}")
SHARED = {  # codes of several rooms that mean the same in all of them
    "RC308": "options contradict each other; `cli` knows the words of a file, `launch` all others, "
    "`prediction` what the sources are",
    "RC350": "a setting is out of range; refused where its config class stands",
    "RC601": "no space left; `files` finds it when it writes, `cli` when a library wrote",
}
INSIDE = {  # what private functions raise and their callers in the room turn into ours
    ("data/json_text.py", "ValueError"),
    ("ops/exif.py", "ValueError"),
    ("ops/picture_header.py", "EOFError"),
    ("training/joining.py", "RuntimeError"),
    ("training/own_transform.py", "ValueError"),
    ("ops/picture_kinds.py", "ValueError"),
    ("ops/picture_kinds.py", "EOFError"),
    ("ops/picture_kinds.py", "ValueError"),
}
OTHERS = {  # what may be raised that is not ours, and why
    "AssertionError": "a mistake of ours",
    "AttributeError": "what Python expects of __getattr__",
    "IndexError": "what Python expects of __getitem__",
    "KeyError": "what Python expects of a mapping",
    "SystemExit": "the command line's end",
    "KeyboardInterrupt": "a signal",
}


class Use(NamedTuple):
    """One place in the source that carries a code."""

    code: str
    place: str
    call: ast.Call


def literals(tree: ast.AST) -> set[str]:
    """Codes in string constants that are nothing but a code, and that nothing is compared with."""
    nodes = list(ast.walk(tree))
    compared = {id(c) for node in nodes if isinstance(node, ast.Compare) for c in node.comparators}
    found = (n.value for n in nodes if isinstance(n, ast.Constant) and id(n) not in compared)
    return {text for text in found if isinstance(text, str) and CODE.fullmatch(text)}


def name_of(call: ast.Call) -> str:
    """The last part of what is called."""
    return ast.unparse(call.func).split(".")[-1]


def uses() -> Iterator[Use]:
    """Every call of one of our kinds with a code written out."""
    for path in FILES:
        nodes = ast.walk(ast.parse(path.read_text()))
        for call in (node for node in nodes if isinstance(node, ast.Call) and node.args):
            first = call.args[0]
            code = str(first.value) if isinstance(first, ast.Constant) else ""
            if name_of(call) in KINDS and CODE.fullmatch(code):
                yield Use(code, f"{path.relative_to(SOURCE)}:{call.lineno}", call)


@pytest.fixture(scope="module")
def documented(repository: Path) -> list[str]:
    """Codes of the headings in docs/errors.md, in order."""
    text = (repository / "docs" / "errors.md").read_text()
    return re.findall(r"^### (RC\d{3}) \S", text, flags=re.MULTILINE)


def test_every_code_stands_once_in_the_documentation(documented: list[str]) -> None:
    used = {code for path in FILES for code in literals(ast.parse(path.read_text()))}
    twice = {code for code in documented if documented.count(code) > 1}
    assert not twice, f"two paragraphs for {sorted(twice)}"
    assert not used - set(documented), f"no paragraph for {sorted(used - set(documented))}"
    assert not set(documented) - used, f"nothing raises {sorted(set(documented) - used)}"


def test_codes_are_in_order(documented: list[str]) -> None:
    assert documented == sorted(documented)


def test_every_code_belongs_to_one_room() -> None:
    """Two rooms with one code would be two meanings; what is shared is raised from one place."""
    rooms: dict[str, set[str]] = defaultdict(set)
    for path in FILES:
        for code in literals(ast.parse(path.read_text())):
            rooms[code].add(path.relative_to(SOURCE).with_suffix("").parts[0])
    several = {code: sorted(homes) for code, homes in rooms.items() if len(homes) > 1}
    assert set(several) <= set(SHARED), several


def test_every_kind_has_its_own_range() -> None:
    wrong = [
        f"{use.place}: {name_of(use.call)} with {use.code}"
        for use in uses()
        if name_of(use.call) in DIGIT and use.code[2] not in DIGIT[name_of(use.call)]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_error_says_what_to_do() -> None:
    for use in uses():
        given = {keyword.arg: keyword.value for keyword in use.call.keywords}
        if None in given:  # **fields
            continue
        assert "fix" in given, f"{use.place} {use.code} has no fix"
        fix = given["fix"]
        assert not isinstance(fix, ast.Constant) or str(fix.value).strip(), use.place


def test_only_our_own_errors_are_raised() -> None:
    ours = set(KINDS) | _classes_and_functions()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            name = name_of(node.exc) if isinstance(node.exc, ast.Call) else ast.unparse(node.exc)
            place = str(path.relative_to(SOURCE))
            known = name in ours or name in OTHERS or name[:1].islower()
            assert known or (place, name) in INSIDE, f"{place}:{node.lineno} raises {name}"


def _classes_and_functions() -> set[str]:
    """Names of our own: kinds of errors beside the tree, and functions that make errors."""
    trees = [ast.parse(path.read_text()) for path in FILES]
    kinds = (ast.ClassDef, ast.FunctionDef)
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize("code", ["RC101", "see RC101", "RC10"])
def test_only_whole_codes_count(code: str) -> None:
    assert bool(literals(ast.parse(f"x = {code!r}"))) == (code == "RC101")


def test_there_is_something_to_check() -> None:
    assert len(list(uses())) > 30
