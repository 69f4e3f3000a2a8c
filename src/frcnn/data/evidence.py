"""What only many boxes together tell: searches over whole splits, each finding a warning.

Nothing is changed by what is found here. Every search gives its counts, so that a person can judge.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from frcnn.data.one_object import find_one_object
from frcnn.data.one_off import find_one_off
from frcnn.data.problems import Problem
from frcnn.data.rotations import are_before_rotation, find_rotations
from frcnn.data.seen import Folder, Seen
from frcnn.data.slips import describe_slip, find_slip
from frcnn.data.unread import find_unread
from frcnn.data.written import written_boxes
from frcnn.ops.picture_header import place_of


def search(folder: Folder, layout: str, root: Path) -> list[Problem]:
    """Make all searches.

    Args:
        folder: a data set, read but for its classes.
        layout: its name.
        root: its folder.

    Returns:
        Warnings; a picture that is in several splits is looked at in the first.
    """
    problems = find_unread(root, layout)
    for name, split in _each_once(folder.splits).items():
        problems += _of_split(split, layout, f"{place_of(root)}: {name}")
    return problems


def _of_split(split: Sequence[Seen], layout: str, place: str) -> Iterator[Problem]:
    """Ask first whether boxes follow their pictures' rotation: of those that do not, no more.

    Yields:
        Warnings.
    """
    written = rest = written_boxes(layout, split)
    rotation = find_rotations(written, split, place)
    yield from [rotation] if rotation else []
    if are_before_rotation(written):
        rest = written.chosen(~written.is_on_its_side)
    slip = find_slip(rest)
    if slip is not None:
        yield describe_slip(slip, layout, place)
        return
    one_off = find_one_off(rest, place)
    yield from [one_off] if one_off else []
    yield from find_one_object(written, split)


def _each_once(splits: Mapping[str, Sequence[Seen]]) -> dict[str, list[Seen]]:
    """Leave out what an earlier split has, of which the same is said there."""
    if len(splits) == 1:
        return {name: list(split) for name, split in splits.items()}
    known: set[tuple[Path, tuple[str, ...], bytes]] = set()
    once: dict[str, list[Seen]] = {}
    for name, split in splits.items():
        once[name] = [seen for seen in split if _what_is_said(seen) not in known]
        known.update(map(_what_is_said, split))
    return once


def _what_is_said(seen: Seen) -> tuple[Path, tuple[str, ...], bytes]:
    return seen.path, seen.written.names, seen.written.boxes.tobytes()
