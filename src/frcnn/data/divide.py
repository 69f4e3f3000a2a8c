"""A data set into splits: `frcnn data split`. Never in place, never over other files.

All splits that there are become one, and that is divided anew: groups of pictures stay together
(`grouping`), and each split gets its share of every class (`stratify`). What is written is written
by `convert`, with the same report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from frcnn.data.columns import aligned
from frcnn.data.convert import Conversion, convert, require_apart, require_choices
from frcnn.data.dataset import Dataset
from frcnn.data.division_plan import DivisionPlan
from frcnn.data.evidence import search
from frcnn.data.grouping import groups_of
from frcnn.data.layouts import WRITTEN, read_any
from frcnn.data.look_alikes import LookAlikes
from frcnn.data.moving import Pictures
from frcnn.data.picture_paths import home_of
from frcnn.data.pixel_check import check_pixels
from frcnn.data.pooling import POOL, pool
from frcnn.data.problems import Problem
from frcnn.data.records import Split
from frcnn.data.split_off import turn
from frcnn.data.stratify import Groups, stratify
from frcnn.errors import ConfigError, counted
from frcnn.ops.picture_header import place_of


@dataclass(frozen=True, kw_only=True)
class Division:
    """What was written."""

    written: Conversion
    splits: Mapping[str, Split]
    """Of the records in the old folder."""
    plan: DivisionPlan
    groups: int
    """How many there were."""
    before: Mapping[str, int]
    """Pictures in each of the old splits."""
    look_alikes: int = 0
    """Pictures that show nearly the same as another, and are in its split."""

    def __str__(self) -> str:
        old = ", ".join(f"{name} {count}" for name, count in self.before.items())
        pictures = counted(sum(map(len, self.splits.values())), "picture")
        groups = counted(self.groups, "group")
        head = f"{pictures} ({old}) in {groups}, seed {self.plan.seed}"
        if self.look_alikes:
            alike = counted(self.look_alikes, "picture")
            head += f"\n{alike} that look like others: never in another split than these"
        return f"{head}\n\n{self.table()}\n\n{self.written}"

    def table(self) -> str:
        """Show the classes by split: pictures / boxes, and the share of the boxes."""
        rows = [
            ["", *self.splits],
            ["pictures", *_cells([len(s) for s in self.splits.values()])],
            ["without objects", *_cells([s.without_objects for s in self.splits.values()])],
        ]
        for name, counts in self._classes().items():
            boxes = _cells([boxes for _, boxes in counts])
            rows.append(
                [name, *(f"{n} / {cell}" for (n, _), cell in zip(counts, boxes, strict=True))]
            )
        return "\n".join(["class: pictures / boxes (share of the boxes)", *aligned(rows)])

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values."""
        classes = {
            name: {
                split: {"pictures": pictures, "boxes": boxes}
                for split, (pictures, boxes) in zip(self.splits, counts, strict=True)
            }
            for name, counts in self._classes().items()
        }
        return {
            **self.written.to_json(),
            "shares": self.plan.in_order,
            "groups": self.groups,
            "group_by": self.plan.group_by,
            "look_alikes": self.look_alikes,
            "seed": self.plan.seed,
            "before": dict(self.before),
            "classes": classes,
        }

    def _classes(self) -> dict[str, list[tuple[int, int]]]:
        """Count pictures and boxes of each class in each split."""
        counted = [_held(split) for split in self.splits.values()]
        names = next(iter(self.splits.values())).classes
        return {
            name: [
                (int((boxes[:, label] > 0).sum()), int(boxes[:, label].sum())) for boxes in counted
            ]
            for label, name in enumerate(names)
        }


def split_folder(
    data: str | Path,
    out: str | Path,
    plan: DivisionPlan,
    *,
    layout: str = "",
    to: str = "",
    pictures: Pictures = "copy",
) -> Division:
    """Divide a data set into splits and write it into a new folder.

    Args:
        data: its folder, or its annotation file; all splits of it are put together first.
        out: a new or empty folder, outside the data's own.
        plan: which splits, and what stays together.
        layout: of the data; empty: found by looking.
        to: voc, coco, yolo or csv; empty: the layout that the data has.
        pictures: "copy" or "hardlink", as `convert` has it.

    Returns:
        What was written.

    Raises:
        ConfigError: the pattern of groups finds nothing (RC375), or there are fewer groups than
            splits (RC376); or an error of `convert`.
        DataError: the data cannot be read, as in `Dataset.open`.
    """
    require_choices(to or WRITTEN[0], pictures)
    require_apart(Path(data), Path(out))
    whole, before = _opened(Path(data), layout)
    to = to or whole.layout
    require_choices(to, pictures)
    split, problems, alike = _looked_at(whole.splits[POOL], plan)
    names = groups_of(split.records, home_of(whole.root), plan.group_by, problems, alike)
    splits = _divided(split, names, plan)
    problems += _unmet(splits, names, split, whole.root)
    new = replace(whole, splits=MappingProxyType(splits), report=whole.report.plus(problems))
    return Division(
        written=convert(new, out, to, pictures=pictures),
        splits=splits,
        plan=plan,
        groups=len(set(names)),
        before=before,
        look_alikes=sum(map(len, alike)),
    )


def _looked_at(split: Split, plan: DivisionPlan) -> tuple[Split, list[Problem], list[list[Path]]]:
    """Decode every picture, leave out what cannot be, and find those that look alike."""
    if plan.look_alikes == "apart":
        return split, [], []
    look_alikes = LookAlikes()
    usable, report = check_pixels(split, look_alikes=look_alikes)
    return usable, list(report.problems), look_alikes.groups()


def _opened(root: Path, layout: str) -> tuple[Dataset, dict[str, int]]:
    """Open a data set as one split, and count what was in each before."""
    found, folder = read_any(root, layout)
    before = {name: len(seen) for name, seen in folder.splits.items()}
    folder.problems += search(folder, found, root)
    data = Dataset.of(pool(folder), root, found)
    data.split(POOL)  # has pictures
    return data, before


def _divided(split: Split, names: Sequence[str], plan: DivisionPlan) -> dict[str, Split]:
    known, shares = sorted(set(names)), plan.in_order
    if len(known) < len(shares):
        raise _too_few(len(known), shares)
    number = {name: n for n, name in enumerate(known)}
    group = np.array([number[name] for name in names])
    held = _held(split)
    order = sorted(range(len(known)), key=lambda n: turn(plan.seed, known[n]))
    turns = np.empty(len(known), np.int64)
    turns[order] = np.arange(len(known))
    groups = Groups(
        boxes=_summed(held, group, len(known)),
        pictures=_summed((held > 0).astype(np.int64), group, len(known)),
        sizes=np.bincount(group),
        turns=turns,
    )
    of_picture = stratify(groups, list(shares.values()))[group]
    for part, name in enumerate(shares):
        if not (of_picture == part).any():
            raise _too_few(len(known), shares, empty=name)
    return {
        name: replace(split.subset(np.flatnonzero(of_picture == part).tolist()), name=name)
        for part, name in enumerate(shares)
    }


def _held(split: Split) -> np.ndarray:
    """Count the boxes of each class in each picture: [pictures, C]."""
    counts = [
        np.bincount(r.target.labels.numpy(), minlength=len(split.classes)) for r in split.records
    ]
    return np.array(counts, np.int64).reshape(-1, len(split.classes))


def _summed(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    sums = np.zeros((count, values.shape[1]), np.int64)
    np.add.at(sums, group, values)
    return sums


def _unmet(
    splits: Mapping[str, Split], names: Sequence[str], pooled: Split, root: Path
) -> list[Problem]:
    """Report the classes that a split did not get."""
    held = _held(pooled)
    problems: list[Problem] = []
    for label, name in enumerate(pooled.classes):
        without = [s for s, part in splits.items() if not part.boxes_per_class[name]]
        groups = len({names[row] for row in np.flatnonzero(held[:, label]).tolist()})
        if groups and without:
            problems.append(_lacking(f"{place_of(root)}: {name}", groups, without))
    return problems


def _too_few(groups: int, shares: Mapping[str, float], empty: str = "") -> ConfigError:
    what = f"every group is needed elsewhere; {empty} would be empty" if empty else "too few groups"
    return ConfigError(
        "RC376",
        "group_by",
        f"the pictures cannot be divided: {what}",
        got=counted(groups, "group"),
        want=f"groups enough for {', '.join(shares)}",
        fix="group by less, name fewer splits, or add pictures; of one film --look-alikes apart",
    )


def _lacking(place: str, groups: int, without: Sequence[str]) -> Problem:
    return Problem(
        code="RC286",
        place=place,
        what="a class is not in every split",
        got=f"in {counted(groups, 'group')}; none in {' and '.join(without)}",
        want="groups with it in each",
        fix="add pictures of the class; figures there will not speak of it",
        severity="warning",
    )


def _cells(counts: Sequence[int]) -> list[str]:
    whole = max(sum(counts), 1)
    return [f"{count} ({100 * count / whole:4.1f}%)" for count in counts]
