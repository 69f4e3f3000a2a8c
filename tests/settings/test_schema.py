"""What a dataclass accepts, in words."""

from dataclasses import MISSING, dataclass, field
from typing import Literal

import pytest

from frcnn.settings import schema


@dataclass(frozen=True, kw_only=True)
class Inner:
    sides: tuple[float, ...] = (1.0, 2.0)
    stride: int = 16


@dataclass(frozen=True, kw_only=True)
class Outer:
    count: int
    inner: Inner = field(default_factory=Inner)
    perhaps: Inner | None = None
    stripe: str = "blue"


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (int, "a whole number"),
        (float, "a number"),
        (bool, "true or false"),
        (str, "text"),
        (int | None, "a whole number, or null"),
        (int | str, "a whole number or text"),
        (Literal["a", "b"], "one of a, b"),
        (Literal["a"], "a"),
        (tuple[float, ...], "a list, each item a number"),
        (tuple[int, str], "a list of 2: a whole number, text"),
        (Inner, "a section with sides, stride"),
        (Inner | None, "a section with sides, stride, or null"),
    ],
)
def test_forms_in_words(hint: object, words: str) -> None:
    assert schema.form(hint) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (0.5, "0.5"),
        ("x", "'x'"),
        ([1, None], "[1, null]"),
        ((1.5,), "[1.5]"),
        ({"a": 1, "b": 2}, "a section of a, b"),
        ({}, "an empty section"),
    ],
)
def test_values_are_shown_as_yaml_has_them(value: object, text: str) -> None:
    assert schema.show(value) == text


def test_a_long_value_is_cut_to_a_line() -> None:
    shown = schema.show("x" * 500)
    assert len(shown) == 60
    assert shown.endswith("...")


def test_leaves_are_the_dotted_names() -> None:
    names = ["count", "inner.sides", "inner.stride", "perhaps.sides", "perhaps.stride", "stripe"]
    assert schema.leaves(Outer) == names


def test_defaults_by_path() -> None:
    assert schema.default_at(Outer, ("inner", "stride")) == 16
    assert schema.default_at(Outer, ("stripe",)) == "blue"
    assert schema.default_at(Outer, ("count",)) is MISSING
    assert schema.default_at(Outer, ("inner", "sides", "0")) is MISSING
    assert schema.default_at(Outer, ("nothing",)) is MISSING
    assert schema.default_at(Outer, ()) is MISSING


def test_sections_are_found_through_unions() -> None:
    assert schema.section_of(Inner) is Inner
    assert schema.section_of(Inner | None) is Inner
    assert schema.section_of(int | None) is None
    assert schema.section_of(tuple[int, ...]) is None


def test_nearest_names() -> None:
    assert schema.nearest("strid", ["stride", "sides"]) == "stride"
    assert schema.nearest("zzz", ["stride", "sides"]) is None
    assert schema.nearest("x", []) is None
    assert schema.nearest("bat", ["patience", "batches", "batch"]) == "batch"  # begins so
    assert schema.nearest("confidence", ["conf", "config"]) == "conf"  # is begun by it
    assert schema.nearest("confi_g", ["conf", "config"]) == "config"  # is much more like it
    assert schema.nearest("ab", ["abandoned"]) is None  # too short to tell


def test_what_was_meant_is_looked_for_in_all_sections() -> None:
    assert schema.elsewhere("stride", Outer) == "inner.stride"
    assert schema.elsewhere("innr.stride", Outer) == "inner.stride"
    assert schema.elsewhere("other.section.strip", Outer) == "stripe"
    assert schema.elsewhere("zzzzz", Outer) is None


def test_names_of_a_class() -> None:
    assert schema.names_of(Inner) == ["sides", "stride"]
    assert schema.listed(Inner) == "sides, stride"
