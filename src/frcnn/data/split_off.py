"""A validation split out of the pictures to learn from, where the data has none of its own."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from frcnn.data.records import Record, Split
from frcnn.errors import AnnotationError, ConfigError

_ALONE: Mapping[Path, str] = {}


def split_off(
    split: Split, share: float = 0.2, *, seed: int = 0, together: Mapping[Path, str] = _ALONE
) -> tuple[Split, Split]:
    """Take a validation split out of a training split, the same one every time.

    Each picture's turn follows from a hash of the seed and its name, so that the order of the
    records does not matter and a picture that is added moves few others. The last picture of a
    class stays in training.

    Args:
        split: at least 2 pictures.
        share: of the pictures, in (0, 1); at least one is taken.
        seed: another one gives another choice.
        together: a name for pictures that are not parted, by path: tiles of one larger picture.
            Where they are too many for the share, the first of them up to half of all is taken;
            where there is none, they are parted nevertheless.

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
    turns = _in_turn(split, seed, together)
    most = min(wanted, len(split) - 1)
    taken = (
        _taken(split, turns, wanted, most)
        or _taken(split, turns, 1, len(split) // 2)
        or _taken(split, _in_turn(split, seed, _ALONE), wanted, most)
    )
    if not taken:
        raise AnnotationError(
            "RC223",
            f"split {split.name}",
            "no picture can be spared for validation",
            got=f"{len(split)} pictures",
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


def _in_turn(split: Split, seed: int, together: Mapping[Path, str]) -> list[list[Record]]:
    """Put pictures that are not parted into groups, and these in an order by chance."""
    groups: defaultdict[str, list[Record]] = defaultdict(list)
    for record in split.records:
        groups[together.get(record.path, record.name)].append(record)
    return [groups[name] for name in sorted(groups, key=lambda name: turn(seed, name))]


def _taken(split: Split, turns: Sequence[list[Record]], wanted: int, most: int) -> set[str]:
    """Choose the pictures to validate on, by name; of at most `most`."""
    left = _pictures_of_classes(split.records)
    taken: set[str] = set()
    for group in turns:
        held = _pictures_of_classes(group)
        is_wanted = len(taken) < wanted and len(taken) + len(group) <= most
        if is_wanted and all(left[label] > count for label, count in held.items()):
            taken.update(record.name for record in group)
            left.subtract(held)
    return taken


def _pictures_of_classes(records: Sequence[Record]) -> Counter[int]:
    """Count the pictures that have each class."""
    return Counter(label for r in records for label in set(r.target.labels.tolist()))
