"""Words for splits: valid, validation and val are one; train2017 is train."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar

from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import place_of

SPLIT_NAMES = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}
"""Other words for the three usual splits."""
USUAL = ("train", "val", "test")
"""The three usual splits, in the order in which they are shown; others follow."""
_KNOWN = (*USUAL, "trainval", "minitrain", "minival")
_WORD = re.compile(r"[a-z]+")
_T = TypeVar("_T")


def split_of_folder(name: str) -> str:
    """Give the split that a folder is called by.

    Args:
        name: such as `valid` or `train2017`.

    Returns:
        "train", "val", "test" or another of the known ones; empty when it is none.
    """
    word = name.lower().rstrip("0123456789").rstrip("-_")
    word = SPLIT_NAMES.get(word, word)
    return word if word in _KNOWN else ""


def split_of_file(path: Path) -> str:
    """Give the split that the name of an annotation file speaks of.

    Args:
        path: such as `instances_val2017.json` or `test_labels.csv`.

    Returns:
        "train", "val", "test" or another of the known ones; empty when it says nothing.
    """
    found = [split_of_folder(word) for word in _WORD.findall(path.stem.lower())]
    return next(filter(None, found), "")


def splits_of_files(files: Collection[Path]) -> dict[str, Path]:
    """Give every annotation file its split, by its name or that of its folder.

    Args:
        files: of one data set.

    Returns:
        The files by split, in the usual order. A file alone whose name says nothing is "train".

    Raises:
        AnnotationError: two mean one split (RC233).
    """
    splits: dict[str, Path] = {}
    for path in sorted(files):
        said = split_of_file(path) or split_of_folder(path.parent.name)
        split = said or ("train" if len(files) == 1 else path.stem.removeprefix("instances_"))
        require_new_split(split, path, splits)
        splits[split] = path
    return in_order(splits)


def require_new_split(split: str, path: Path, known: Mapping[str, Path]) -> None:
    """Refuse a second folder or file for a split: one of the two would be lost.

    Args:
        split: its usual name.
        path: of the folder or file.
        known: those that there are.

    Raises:
        AnnotationError: there is one already (RC233).
    """
    if split in known:
        raise AnnotationError(
            "RC233",
            place_of(path),
            f"two of them mean the split {split}",
            got=f"{known[split].name} and {path.name}",
            want="one for each split",
            fix="rename one of them, or put both together",
        )


def in_order(splits: Mapping[str, _T]) -> dict[str, _T]:
    """Put the usual splits first.

    Args:
        splits: anything by split.

    Returns:
        The same, others behind them by name.
    """
    order = sorted(splits, key=lambda n: (USUAL.index(n) if n in USUAL else len(USUAL), n))
    return {name: splits[name] for name in order}
