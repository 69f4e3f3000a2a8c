"""A table for people."""

from frcnn.data.columns import aligned


def test_golden() -> None:
    rows = [["", "train", "val"], ["pictures", "12", "1345"], ["x", "1", ""]]
    assert aligned(rows) == ["          train   val", "pictures     12  1345", "x             1"]


def test_nothing_in() -> None:
    assert aligned([]) == []
