"""The table of faults, `faults.md`, is whole, and every test that it names is there."""

import ast
import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROW = re.compile(r"^\| ([A-H]\d\d) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
ROWS = {
    fault: (what, tests) for fault, what, tests in ROW.findall((TESTS / "faults.md").read_text())
}
WANTED = {  # pictures, annotations, files, training, model files, prediction, command line
    "A": range(1, 49),
    "B": range(1, 22),
    "C": [1, 2, 3, 4, 5, 6, 9],
    "D": range(1, 21),
    "E": [1, 2, 3, 4, 7, 8, 9],
    "F": range(1, 17),
    "H": [1, 2, 4],
}


@functools.cache
def names_in(path: Path) -> set[str]:
    """Test functions of a file, those in classes too."""
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = (node.name for node in nodes if isinstance(node, ast.FunctionDef))
    return {name for name in functions if name.startswith("test_")}


def test_the_table_is_whole() -> None:
    wanted = [f"{letter}{n:02}" for letter, numbers in WANTED.items() for n in numbers]
    assert list(ROWS) == wanted


@pytest.mark.parametrize("fault", ROWS)
def test_every_fault_has_its_tests(fault: str) -> None:
    what, cell = ROWS[fault]
    tests = re.findall(r"`([^`]+)`", cell)
    assert tests, f"{fault}: no test holds {what!r}"
    for test in tests:
        file, _, name = test.partition("::")
        assert (TESTS / file).is_file(), f"{fault}: tests/{file} is not there"
        assert name in names_in(TESTS / file), f"{fault}: tests/{file} has no {name}"


def test_where_one_test_holds_many_ids_its_cases_are_called_by_them() -> None:
    """Of `ops/test_pictures_faults.py`: but for the eight rotations, which are a range."""
    file = "ops/test_pictures_faults.py"
    text = (TESTS / file).read_text()
    held = {fault for fault, (_, tests) in ROWS.items() if file in tests}
    uncalled = {f for f in held if f'"{f} ' not in text and f"{f.lower()}_" not in text}
    assert uncalled <= {f"A{number}" for number in range(22, 30)}


def test_names_of_tests_that_carry_an_id_carry_one_of_the_table() -> None:
    for path in TESTS.rglob("test_*.py"):
        for name in names_in(path):
            carried = re.findall(r"(?:^test_|_to_)([a-h]\d\d)_|_([a-h]\d\d)$", name)
            unknown = {a or b for a, b in carried} - {fault.lower() for fault in ROWS}
            assert not unknown, f"{path.name}::{name}"
