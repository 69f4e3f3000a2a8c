"""The run's diary: one JSON line for each step, one CSV row for each evaluation.

Nothing else is remembered: what a resumed run needs to know of the past (the best figure, the
means since the last evaluation) is read back from these two files.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from frcnn import diaries, files
from frcnn.run_folder import RunFolder
from frcnn.training.step import StepReport

Row = dict[str, Any]
CLOCKS = ("seconds",)
"""Columns that depend on the clock; all others are the same for the same seed and machine."""


class Diary:
    """Reads, rewinds and appends the two files of one run."""

    def __init__(self, run: RunFolder) -> None:
        """Open the diary of a run folder, new or old.

        Args:
            run: where `metrics.jsonl` and `metrics.csv` are.
        """
        self._steps, self._evaluations = run.metrics_jsonl, run.metrics_csv
        self._kept_back: list[str] = []

    @property
    def has_begun(self) -> bool:
        """Whether a step was ever written; then there must be a checkpoint, too."""
        return bool(self.steps())

    def rewind(self, step: int) -> list[str]:
        """Forget what was written after `step`: a resumed run takes those steps again.

        Args:
            step: the last one that the checkpoint holds; 0 forgets everything.

        Returns:
            Warnings for the reader: lines that are damaged, and forgotten too; steps up to this
            one that are missing.
        """
        steps = [row for row in self.steps() if row["step"] <= step]
        evaluations = [row for row in self.evaluations() if row["step"] <= step]
        warnings = [
            f"{path.name}: damaged lines are left out: {_ranges(_damaged(rows))}"
            for path, rows in ((self._steps, self._lines()), (self._evaluations, self._rows()))
            if _damaged(rows)
        ]
        missing = sorted({*range(1, step + 1)} - {row["step"] for row in steps})
        if missing:
            warnings.append(f"{self._steps.name} lacks steps {_ranges(missing)}")
        files.write_text(self._steps, "".join(f"{_line(row)}\n" for row in steps))
        files.write_text(self._evaluations, _table(evaluations))
        return warnings

    def add_step(self, report: StepReport, epoch: float, seconds: float) -> None:
        """Append one step.

        Args:
            report: what the step saw.
            epoch: passes over the data so far.
            seconds: since the training started or resumed.

        Raises:
            DiskError: the line could not be written; it is kept, and written before the next one.
        """
        row = {
            "step": report.step,
            "epoch": epoch,
            "learning_rate": report.learning_rate,
            "loss": report.total,
            **report.losses,
            "gradient_norm": report.gradient_norm,
            "pictures": list(report.pictures),
            "seconds": round(seconds, 3),
        }
        self._kept_back.append(_line(row))
        self._write_kept_back()

    def flush(self) -> None:
        """Write the lines that a full disk kept back, and force all to the disk.

        A checkpoint relies on the lines before it, so they must outlive a power cut, too.

        Raises:
            DiskError: it is still full.
        """
        self._write_kept_back()
        if self._steps.exists():
            files.force(self._steps)

    def _write_kept_back(self) -> None:
        while self._kept_back:
            diaries.append_line(self._steps, self._kept_back[0])
            del self._kept_back[0]

    def add_evaluation(self, row: Mapping[str, Any]) -> None:
        """Append one evaluation; the file is written whole, so its columns always agree."""
        files.write_text(self._evaluations, _table([*self.evaluations(), dict(row)]))

    def steps(self) -> list[Row]:
        """Read all steps up to the last whole line, oldest first; damaged lines are left out."""
        return [row for row in self._lines() if row is not None]

    def evaluations(self) -> list[Row]:
        """Read all evaluations, oldest first; numbers as numbers, empty cells as None."""
        return [row for row in self._rows() if row is not None]

    def _lines(self) -> list[Row | None]:  # None: damaged
        if not self._steps.exists():
            return []
        return [_step_of(line) for line in diaries.read_lines_until_torn(self._steps)]

    def _rows(self) -> list[Row | None]:
        if not self._evaluations.exists():
            return []
        text = self._evaluations.read_text(encoding="utf-8", errors="replace")
        return [_evaluation_of(row) for row in csv.DictReader(io.StringIO(text))]

    def means_since_evaluation(self) -> Row:
        """Average each loss over the steps since the last evaluation."""
        evaluated = self.evaluations()
        after = evaluated[-1]["step"] if evaluated else 0
        rows = [row for row in self.steps() if row["step"] > after]
        names = [n for n in (rows[-1] if rows else {}) if n.startswith(("loss", "rpn_", "head_"))]
        return {name: sum(row[name] for row in rows) / len(rows) for name in names}


def _step_of(line: str) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("step"), int) else None


def _evaluation_of(cells: Mapping[str, Any]) -> Row | None:
    try:
        row = {name: _number(cell) for name, cell in cells.items()}
    except (ValueError, AttributeError):  # no number, too many cells or too few
        return None
    return row if isinstance(row.get("step"), int) else None


def _damaged(rows: Sequence[Row | None]) -> list[int]:
    return [number for number, row in enumerate(rows, start=1) if row is None]


def _ranges(numbers: Sequence[int]) -> str:
    """Write numbers in order as `1-4, 7`."""
    ends = [n for n, after in zip(numbers, [*numbers[1:], -1], strict=True) if after != n + 1]
    starts = [n for n, before in zip(numbers, [-1, *numbers], strict=False) if before != n - 1]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in pairs)


def _line(row: Row) -> str:
    return json.dumps(row, allow_nan=False)  # in ASCII: a picture's name may not be UTF-8


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(row.get(name)) for name in names})
    return text.getvalue()


def _cell(value: Any) -> str:  # noqa: ANN401  # a JSON value
    return "" if value is None else repr(value)


def _number(cell: str) -> float | int | None:
    if cell == "":
        return None
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)
