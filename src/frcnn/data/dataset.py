"""A data set: opened by looking at a folder, checked once, read picture by picture.

Opening reads annotations and the headers of pictures, no pixels. What was wrong is in the
report; what makes the set unusable is raised. Class ids 0 ... C-1 follow the sorted class names.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from frcnn.data.class_list import ClassList, leave_out_unknown, settle_classes
from frcnn.data.class_names import nearest
from frcnn.data.evidence import search
from frcnn.data.layouts import read_any
from frcnn.data.picture_paths import home_of
from frcnn.data.problems import Problem, Report
from frcnn.data.records import Split
from frcnn.data.seen import Folder, to_records
from frcnn.data.split_checks import check_splits
from frcnn.data.split_words import SPLIT_NAMES
from frcnn.errors import AnnotationError, ConfigError, DataError, counted
from frcnn.ops.picture_header import place_of

BadData = Literal["error", "skip", "report"]

MAX_BAD = 0.01
"""Share of pictures that may be skipped before the first bad one is an error, if none is named."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Splits of pictures with true boxes."""

    root: Path
    """Its folder."""
    name: str
    """Name of the folder."""
    layout: str
    """How the files are laid out: one of `layouts.LAYOUTS`."""
    classes: tuple[str, ...]
    """Names of class ids 0 ... C-1."""
    class_list: ClassList
    """The same with the file's own ids, which `class_table` shows."""
    outlines: int = 0
    """Boxes that have an outline beside them, or are drawn around one; outlines are not kept."""
    splits: Mapping[str, Split]
    """By name; "train", "val" and "test" whatever other word the folder has for them."""
    report: Report
    """What was wrong, and what was left out because of it."""

    @classmethod
    def open(
        cls,
        root: str | Path,
        *,
        classes: Sequence[str] | None = None,
        training: str = "",
        layout: str = "",
        bad_data: BadData = "skip",
        max_bad: float = MAX_BAD,
    ) -> "Dataset":
        """Open a folder in any layout that is read; docs/data.md lists the forms.

        Args:
            root: the folder; or an annotation file.
            classes: the names, in the order of their ids; None takes the data's own list, or the
                sorted names of the training split. A model that is evaluated gives its own.
            training: which split that is, by any of its names; empty: found by looking.
            layout: one of `layouts.LAYOUTS`; empty: found by looking.
            bad_data: "skip" leaves unusable pictures out, "error" raises the first, "report"
                leaves out however many, for looking a set over. A bad box never costs its picture.
            max_bad: share of the pictures that "skip" leaves out at most, 0 to 1.

        Returns:
            The data set. DataError when it cannot be used: RC1xx for a picture, RC2xx for an
            annotation, a class name or the set as a whole.
        """
        root = Path(root)
        found, folder = read_any(root, layout)
        _require_usable(folder, bad_data, max_bad)
        folder.problems += search(folder, found, root)
        if bad_data == "report":
            leave_out_unknown(folder, classes, training_split(folder.splits))
        return cls.of(folder, root, found, classes=classes, training=training)

    @classmethod
    def of(
        cls,
        folder: Folder,
        root: Path,
        layout: str,
        *,
        classes: Sequence[str] | None = None,
        training: str = "",
    ) -> "Dataset":
        """Settle the classes of a folder that is read, and look its splits over.

        Args:
            folder: as a layout's reader hands it over.
            root: its place.
            layout: its name.
            classes: as `open` has them.
            training: as `open` has it.

        Returns:
            The data set; errors are those of `open`.
        """
        learnt_from = _found(folder.splits, training, root) if training else None
        learnt_from = learnt_from or training_split(folder.splits)
        settled = settle_classes(folder, root, classes, learnt_from)
        known = settled.names
        ids = {name: i for i, name in enumerate(known)}
        own_ids = settled.ids if layout == "coco" else ()
        splits = {
            name: Split(
                name=name, classes=known, records=to_records(seen, ids), category_ids=own_ids
            )
            for name, seen in folder.splits.items()
        }
        return cls(
            root=root,
            name=home_of(root).resolve().name,
            layout=layout,
            classes=known,
            class_list=settled,
            outlines=folder.outlines,
            splits=MappingProxyType(splits),
            report=Report(
                (*folder.problems, *settled.problems, *check_splits(splits, learnt_from, root))
            ),
        )

    def split(self, name: str) -> Split:
        """Get a split that has pictures.

        Args:
            name: "train", "val", "test" or as the folder has it; valid, validation, training
                and testing mean the usual three.

        Returns:
            The split.

        Raises:
            ConfigError: there is no such split (RC320).
            AnnotationError: it has no pictures (RC221).
        """
        found = self.splits[_found(self.splits, name, self.root)]
        if not found.records:
            raise AnnotationError(
                "RC221",
                f"{place_of(self.root)}: {name}",
                "a split without pictures",
                fix="fill its list, or name another split",
            )
        return found

    @property
    def class_table(self) -> str:
        """The file's own ids beside ours, where they are others than 0 ... C-1; else empty."""
        counted = training_split(self.splits)
        boxes = self.splits[counted].boxes_per_class if counted else {}
        return self.class_list.table(boxes)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {len(split)}" for name, split in self.splits.items())
        return f"Dataset({self.name}: {parts} pictures; classes {', '.join(self.classes)})"


def training_split(names: Collection[str]) -> str | None:
    """Name the split to learn from; its class names are the data set's.

    Args:
        names: of the splits that there are.

    Returns:
        "train", else "trainval", else the only one; None where it could be any.
    """
    for name in ("train", "trainval"):
        if name in names:
            return name
    return next(iter(names)) if len(names) == 1 else None


def split_off(split: Split, share: float = 0.2, *, seed: int = 0) -> tuple[Split, Split]:
    """Take a validation split out of a training split, the same one every time.

    Each picture's turn follows from a hash of the seed and its name, so that the order of the
    records does not matter and a picture that is added moves few others. The last picture of a
    class stays in training.

    Args:
        split: at least 2 pictures.
        share: of the pictures, in (0, 1); at least one is taken.
        seed: another one gives another choice.

    Returns:
        The rest as "train", and "val"; both in the order of `split`.

    Raises:
        ConfigError: the share is not in (0, 1) (RC324).
        AnnotationError: there are fewer than 2 pictures, or none can be spared (RC223).
    """
    if not 0 < share < 1:
        raise ConfigError(
            "RC324",
            "split_off: share",
            "not a share of the pictures",
            got=str(share),
            want="a number between 0 and 1",
            fix="0.2 takes a fifth for validation",
        )
    wanted = max(round(share * len(split)), 1)
    left = Counter(label for r in split.records for label in set(r.target.labels.tolist()))
    taken: set[str] = set()
    for record in sorted(split.records, key=lambda r: turn(seed, r.name)):
        labels = set(record.target.labels.tolist())
        if len(taken) < min(wanted, len(split) - 1) and all(left[label] > 1 for label in labels):
            taken.add(record.name)
            left.subtract(labels)
    if not taken:
        raise AnnotationError(
            "RC223",
            f"split {split.name}",
            "no picture can be spared for validation",
            got=counted(len(split), "picture"),
            want="2 or more, and every class in 2 or more",
            fix="add pictures, or a val split of your own",
        )
    chosen = [record.name in taken for record in split.records]
    train = split.subset(i for i, is_val in enumerate(chosen) if not is_val)
    val = split.subset(i for i, is_val in enumerate(chosen) if is_val)
    return replace(train, name="train"), replace(val, name="val")


def turn(seed: int, name: str) -> bytes:
    """Give a name its turn in an order by chance, whatever other names there are.

    Args:
        seed: another one gives another order.
        name: of a picture, or of a group of them.

    Returns:
        What to sort by.
    """
    return hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()


def _require_usable(folder: Folder, bad_data: BadData, max_bad: float) -> None:
    """Raise the first bad picture's error where skipping is not wanted, or not enough."""
    bad = [p for p in folder.problems if p.effect == "picture skipped"]
    if bad_data not in get_args(BadData):
        raise ConfigError(
            "RC321",
            "bad_data",
            "no such policy",
            got=repr(bad_data),
            want="error, skip or report",
            fix="name one of them",
        )
    if bad and bad_data == "error":
        raise bad[0].error()
    if bad_data == "skip" and len(bad) > max_bad * folder.pictures:
        raise too_many(bad, folder.pictures, max_bad)


def too_many(bad: Sequence[Problem], pictures: int, max_bad: float) -> DataError:
    """Make the first bad picture's error, which says that these are too many to be skipped.

    Args:
        bad: the problems whose effect is a skipped picture; one at least.
        pictures: in all.
        max_bad: share of them that may be skipped.

    Returns:
        The error, to be raised.
    """
    share = f"{len(bad)} of {pictures} pictures are unusable, more than max_bad={max_bad:g} allows"
    return replace(bad[0], what=f"{bad[0].what} ({share})").error()


def _found(names: Collection[str], wanted: str, root: Path) -> str:
    """Find a split by any of its names."""
    usual = SPLIT_NAMES.get(wanted.lower(), wanted)
    found = [name for name in (wanted, usual) if name in names]
    if not found:
        near = nearest(wanted, list(names))
        raise ConfigError(
            "RC320",
            f"{place_of(root)}: split",
            "the data set has no such split",
            got=repr(wanted),
            want=", ".join(names),
            fix=(f"did you mean {near!r}? " if near else "") + "Name one: --split to look at, "
            "--set training_split=NAME to learn from",
        )
    return found[0]
