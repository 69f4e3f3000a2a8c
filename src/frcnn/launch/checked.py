"""What looking a data set over found, in words and as plain values: `frcnn data check`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from frcnn.data.convert import Conversion
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem, Report
from frcnn.data.records import Split
from frcnn.errors import counted
from frcnn.ops.picture_header import place_of


class Quarantine(NamedTuple):
    """A list of pictures that cannot be used; none was moved or changed."""

    path: Path
    pictures: int
    """How many are in it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Checked:
    """What was found."""

    root: Path
    layout: str
    dataset: Dataset | None
    """None where the data cannot be used."""
    report: Report
    written: Path | None = None
    """The report's file."""
    quarantine: Quarantine | None = None
    repaired: "Repaired | None" = None
    unrepaired: Problem | None = None
    """Why there is no copy, where one was asked for."""
    refused: Problem | None = None
    """Why training would not take the data as it is, though it can be used: too many bad pictures,
    if nothing else is said of `max_bad`."""

    @property
    def fatal(self) -> Problem | None:
        """Why the data cannot be used."""
        ends = (p for p in self.report.problems if p.effect == "data unusable")
        return next(ends, None)

    def verdict(self, *, strict: bool = False) -> Problem | None:
        """Judge the whole, for an exit code.

        Args:
            strict: whether any error counts.

        Returns:
            What is wrong: of the copy, where one was asked for; else of the data. None where
            nothing keeps it from being used.
        """
        if self.repaired is not None:
            first = self.repaired.fatal
        else:
            first = self.unrepaired or self.fatal or self.refused
        return first or next(iter(self.report.errors if strict else ()), None)

    def __str__(self) -> str:
        lines = [*self._counts(), self.report.table()]
        if self.fatal is not None:
            unseen = "; pictures were not looked at" if self.dataset is None else ""
            lines.append(f"the data cannot be used{unseen}")
        elif self.refused is not None:
            lines.append(f"frcnn train would refuse it: {self.refused.what}")
        if self.unrepaired is not None:
            lines.append("it cannot be repaired: no copy was written")
        if self.written is not None:
            lines.append(f"all of it: {self.written}")
        if self.quarantine is not None:
            path, pictures = self.quarantine
            lines.append(f"{counted(pictures, 'picture')} that cannot be used: {path}")
        if self.repaired is not None:
            lines.append(str(self.repaired))
        return "\n".join(lines)

    def _counts(self) -> list[str]:
        head = f"{self.layout or 'data'} in {place_of(self.root)}"
        if self.dataset is None:
            return [head]
        splits = [f"  {name}: {_counted(split)}" for name, split in self.dataset.splits.items()]
        boxes = ", ".join(f"{name} {count}" for name, count in self._boxes().items())
        where = ", in all splits" if len(splits) > 1 else ""
        table = self.dataset.class_table
        return [head, *splits, f"  classes{where}: {boxes}", *([table] if table else [])]

    def _boxes(self) -> dict[str, int]:
        """Count the boxes of each class, in all splits together; a picture in two counts once."""
        counts: Counter[str] = Counter()
        known: set[Path] = set()
        for split in self.dataset.splits.values() if self.dataset else ():
            new = split.subset(i for i, r in enumerate(split.records) if r.path not in known)
            known.update(record.path for record in new.records)
            counts.update(new.boxes_per_class)
        return dict(counts)

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values; strict JSON."""
        splits = self.dataset.splits if self.dataset else {}
        return {
            "data": str(self.root),
            "layout": self.layout,
            "usable": self.fatal is None,
            "refused": None if self.refused is None else self.refused.to_json(),
            "splits": {
                name: {
                    "pictures": len(split),
                    "without_objects": split.without_objects,
                    "boxes": sum(split.boxes_per_class.values()),
                    "difficult": _difficult(split),
                }
                for name, split in splits.items()
            },
            "classes": self._boxes(),
            **self.report.to_json(),
            "repaired": None if self.repaired is None else self.repaired.to_json(),
            "unrepaired": None if self.unrepaired is None else self.unrepaired.to_json(),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Repaired:
    """A mended copy, and what is still to be said of it."""

    conversion: Conversion
    left: Report

    @property
    def fatal(self) -> Problem | None:
        """Why the copy cannot be used, where its layout holds less than the data has."""
        return next((p for p in self.left.problems if p.effect == "data unusable"), None)

    def __str__(self) -> str:
        errors = counted(len(self.left.errors), "error")
        warnings = counted(len(self.left.warnings), "warning")
        return f"repaired copy: {self.conversion}\n  left in it: {errors}, {warnings}"

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values."""
        left = {"errors": len(self.left.errors), "warnings": len(self.left.warnings)}
        return {**self.conversion.to_json(), "left": {**left, "counts": self.left.counts()}}


def _counted(split: Split) -> str:
    boxes = counted(sum(split.boxes_per_class.values()), "box")
    difficult = _difficult(split)
    unlearnt = f" ({difficult} difficult or crowds)" if difficult else ""
    return (
        f"{counted(len(split), 'picture')} ({split.without_objects} without objects), "
        f"{boxes}{unlearnt}"
    )


def _difficult(split: Split) -> int:
    """Count the boxes that are difficult or crowds, from which nothing is learnt."""
    return sum(int(record.target.difficult.sum()) for record in split.records)
