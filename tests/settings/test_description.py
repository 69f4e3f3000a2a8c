"""describe and to_annotated_yaml: every setting beside the sentence that explains it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from frcnn.model.config import FasterRCNNConfig
from frcnn.settings import describe, read_yaml, to_annotated_yaml


@dataclass(frozen=True, kw_only=True)
class Base:
    shared: int = 1
    """From the base."""


@dataclass(frozen=True, kw_only=True)
class Inner(Base):
    stride: int = 16
    """Pixels between two cells;
    §3.1."""
    silent: bool = False


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str = "x"
    """What it is called."""
    inner: Inner = field(default_factory=Inner)
    perhaps: Inner | None = None
    """Nothing by default."""
    sides: tuple[float, ...] = (1.0, 2.0)
    """Pixels."""


@dataclass(frozen=True, kw_only=True)
class Needy:
    count: int
    """How many."""
    inner: Inner
    more: int = 2


def test_golden_rows_of_a_class() -> None:
    rows = {row.name: row for row in describe(Outer)}
    assert list(rows) == [
        "name",
        "inner.shared",
        "inner.stride",
        "inner.silent",
        "perhaps",
        "sides",
    ]
    stride = rows["inner.stride"]
    assert (stride.value, stride.default, stride.accepts) == (16, 16, "a whole number")
    assert stride.text == "Pixels between two cells; §3.1."
    assert rows["inner.shared"].text == "From the base."
    assert rows["inner.silent"].text == ""
    assert rows["sides"].value == [1.0, 2.0]
    assert rows["perhaps"].value is None


def test_values_of_an_instance_beside_the_defaults() -> None:
    config = Outer(inner=Inner(stride=8), perhaps=Inner(stride=4))
    rows = {row.name: row for row in describe(config)}
    assert (rows["inner.stride"].value, rows["inner.stride"].default) == (8, 16)
    assert rows["name"].value == rows["name"].default
    assert rows["perhaps.stride"].value == 4


def test_required_values() -> None:
    rows = {row.name: row for row in describe(Needy)}
    assert rows["count"].required
    assert rows["count"].value is None
    assert not rows["more"].required
    assert rows["inner.stride"].value == 16
    rows = {row.name: row for row in describe(Needy(count=3, inner=Inner(stride=2)))}
    assert rows["count"].value == 3
    assert rows["inner.stride"].value == 2


def test_rows_as_json() -> None:
    assert describe(Outer)[0].to_json() == {
        "name": "name",
        "value": "x",
        "default": "x",
        "required": False,
        "accepts": "text",
        "text": "What it is called.",
    }


def test_a_class_without_source_has_no_sentences() -> None:
    space: dict[str, type] = {}
    code = (
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Typed:\n    a: int = 1\n    '''lost'''\n"
    )
    exec(compile(code, "<prompt>", "exec"), {"__name__": __name__}, space)
    assert describe(space["Typed"])[0].text == ""


@pytest.mark.parametrize("wrong", [3, int, "x"])
def test_only_dataclasses_are_described(wrong: object) -> None:
    with pytest.raises(AssertionError, match="dataclass"):
        describe(wrong)


def test_golden_annotated_yaml() -> None:
    assert to_annotated_yaml(Outer(inner=Inner(stride=8))) == (
        "# What it is called.\n"
        "name: x\n"
        "inner:\n"
        "  # From the base.\n"
        "  shared: 1\n"
        "  # Pixels between two cells; §3.1.\n"
        "  stride: 8\n"
        "  silent: false\n"
        "# Nothing by default.\n"
        "perhaps: null\n"
        "# Pixels.\n"
        "sides: [1.0, 2.0]\n"
    )


def test_annotated_yaml_is_read_back_equal(tmp_path: Path) -> None:
    config = FasterRCNNConfig(classes=7)
    path = tmp_path / "a.yaml"
    path.write_text(to_annotated_yaml(config), encoding="utf-8")
    assert read_yaml(path, FasterRCNNConfig) == config


def test_every_setting_of_the_model_is_explained() -> None:
    bare = [row.name for row in describe(FasterRCNNConfig) if len(row.text) < 10]
    assert not bare, f"no sentence under {bare}"
