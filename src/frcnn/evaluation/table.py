"""Figures in columns, for people."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Bring cells under each other.

    Args:
        rows: of equally many cells; there is at least one.

    Returns:
        A line for each row: the first cell at the left of its column, the others at the right.
    """
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [line.rstrip() for line in lines]


def number(value: float | None) -> str:
    """Write a figure with three decimals; `-` where it is not defined."""
    return "-" if value is None else f"{value:.3f}"
