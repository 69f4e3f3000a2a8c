"""Figures in columns: the first at the left, the others at the right, no spaces at the end."""

from frcnn.evaluation.table import aligned, number


def test_golden() -> None:
    rows = [["class", "AP", ""], ["a bolt", "0.5", "x"], ["b", "-", ""]]
    assert aligned(rows) == ["class    AP", "a bolt  0.5  x", "b         -"]


def test_a_figure_has_three_decimals_or_is_a_dash() -> None:
    assert [number(value) for value in (0.0, 1 / 3, 1.0, None)] == ["0.000", "0.333", "1.000", "-"]


def test_nothing_in() -> None:
    assert aligned([[""]]) == [""]
