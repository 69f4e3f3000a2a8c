"""Names in plots: one short line that the font can draw and that is no formula."""

import pytest

from frcnn.evaluation.plot_text import drawable


@pytest.mark.parametrize("name", ["cat", "red cell", "кошка", "_hidden", "a-b.c", "100%"])
def test_as_it_is(name: str) -> None:
    assert drawable(name, "class 0") == name


@pytest.mark.parametrize("name", ["猫", "cat \U0001f408", "", "  ", "\udcff", "a\x01b"])
def test_letters_that_the_font_lacks(name: str) -> None:
    assert drawable(name, "class 7") == "class 7"


def test_no_formula() -> None:
    assert drawable("$x$", "class 0") == r"\$x\$"


def test_one_line() -> None:
    assert drawable("two\nlines\tand more", "class 0") == "two lines and more"


def test_long_names_are_cut() -> None:
    assert drawable("a" * 28, "class 0") == "a" * 28
    assert drawable("a" * 29, "class 0") == "a" * 25 + "..."
