"""A data set's one class list: ids 0 ... C-1, names, and what the files themselves call them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frcnn.data.class_names import TWINS, classes_of, plain, require_known, unknown_name
from frcnn.data.problems import Problem, Spot
from frcnn.data.seen import (
    Declared,
    FileId,
    Folder,
    Seen,
    class_mentions,
)
from frcnn.errors import AnnotationError, ConfigError, counted
from frcnn.ops.picture_header import place_of

_WIDTH = 96
"""Characters of a line of the table."""


_LEARNT = "the training split's"
_ASKED = "those asked for"


@dataclass(frozen=True, kw_only=True)
class ClassList:
    """Names by class id, with the ids of the annotation files."""

    names: tuple[str, ...]
    """Of class ids 0 ... C-1."""
    ids: tuple[FileId, ...]
    """What the files call each class: COCO's category ids; 0 ... C-1 where files have names."""
    problems: tuple[Problem, ...] = ()

    def table(self, boxes: Mapping[str, int]) -> str:
        """Show the files' ids beside ours.

        Args:
            boxes: by name, to learn from.

        Returns:
            Lines such as `1 -> 0 person (12)`, side by side; empty where the ids are ours.
        """
        if self.ids == tuple(range(len(self.names))):
            return ""
        cells = [
            f"{own} -> {number} {name} ({boxes.get(name, 0)})"
            for number, (own, name) in enumerate(zip(self.ids, self.names, strict=True))
        ]
        width = max(map(len, cells)) + 2
        columns = max(_WIDTH // width, 1)
        rows = -(-len(cells) // columns)
        lines = ("".join(cell.ljust(width) for cell in cells[row::rows]) for row in range(rows))
        head = "class ids: the file's -> ours, name (boxes to learn from)"
        return "\n".join([head, *(f"  {line.rstrip()}" for line in lines)])


def settle_classes(
    folder: Folder, root: Path, classes: Sequence[str] | None, learnt_from: str | None
) -> ClassList:
    """Take the classes given, the data's own list, or the training split's names.

    Args:
        folder: the data set, read.
        root: its folder.
        classes: names in the order of their ids; None where the data is to say them.
        learnt_from: the training split; None where there is none.

    Returns:
        The class list.

    Raises:
        AnnotationError: a name is none of them (RC214), there is no training split to take them
            from (RC202), or it is empty (RC221, RC222).
        ConfigError: `classes` is no list of names (RC322).
    """
    mentions = {name: class_mentions(seen) for name, seen in folder.splits.items()}
    declared = _declared(folder, learnt_from)
    whose = _LEARNT
    if classes is not None:
        known, whose = _required_names(classes), _ASKED
    elif declared is not None:
        known, whose = declared.names, f"those of {declared.place}"
    else:
        known = classes_of(mentions[_required_training(folder, root, learnt_from)])
    for names in mentions.values():
        require_known(names, known, whose)
    ids = _ids(known, declared)
    problems = (*_other_ids(folder, declared), *_alike(declared))
    return ClassList(names=known, ids=ids, problems=problems)


def leave_out_unknown(
    folder: Folder, classes: Sequence[str] | None, learnt_from: str | None
) -> None:
    """Leave out boxes whose class training does not have, and report each.

    Args:
        folder: the data set, read; its splits and problems are changed.
        classes: names, where they are given.
        learnt_from: the training split; None where there is none, and then nothing is done.
    """
    declared = _declared(folder, learnt_from)
    if classes is None and declared is None and learnt_from not in folder.splits:
        return
    learnt = folder.splits.get(learnt_from or "", ())
    whose = _LEARNT if classes is None else _ASKED
    known = classes or (declared.names if declared else tuple(sorted(class_mentions(learnt))))
    for split, pictures in folder.splits.items():
        folder.splits[split] = tuple(
            _of_known(seen, known, whose, folder.problems) for seen in pictures
        )


def _of_known(seen: Seen, known: Sequence[str], whose: str, problems: list[Problem]) -> Seen:
    if set(seen.rows.names).issubset(known):
        return seen
    keep = np.array([name in known for name in seen.rows.names], np.bool_)
    for row in np.flatnonzero(~keep).tolist():
        place = seen.places.of(int(seen.rows.numbers[row]))
        error = unknown_name(seen.rows.names[row], place, known, whose)
        x1, y1, x2, y2 = seen.rows.boxes[row].tolist()
        spot = Spot(str(seen.path), (x1, y1, x2, y2))
        problems.append(replace(Problem.of(error, effect="box dropped"), spot=spot))
    return replace(seen, rows=seen.rows.chosen(keep))


def _alike(declared: Declared | None) -> tuple[Problem, ...]:
    """Report names of the data's own list that differ only in capitals or spaces."""
    problems: list[Problem] = []
    known: dict[str, str] = {}
    for name in declared.names if declared else ():
        twin = known.setdefault(plain(name), name)
        if twin != name and declared is not None:
            problems.append(
                Problem(
                    code=TWINS,
                    place=declared.place,
                    what="two class names differ only in capitals or spaces",
                    got=f"{name!r} and {twin!r}",
                    want="names that nobody mistakes for each other",
                    fix="put both under one name, unless they are two classes",
                    severity="warning",
                )
            )
    return tuple(problems)


def _declared(folder: Folder, learnt_from: str | None) -> Declared | None:
    """Find the class list that counts: the training split's, or the one that all agree on."""
    if learnt_from in folder.declared:
        return folder.declared[learnt_from]
    several = {(each.names, each.ids): each for each in folder.declared.values()}
    return next(iter(several.values())) if len(several) == 1 else None


def _ids(names: Sequence[str], declared: Declared | None) -> tuple[FileId, ...]:
    if declared is None:
        return tuple(range(len(names)))
    known = dict(zip(declared.names, declared.ids, strict=True))
    if not set(names) <= set(known):  # a model's classes, of which the file has some
        return tuple(range(len(names)))
    return tuple(known[name] for name in names)


def _other_ids(folder: Folder, declared: Declared | None) -> tuple[Problem, ...]:
    """Report splits whose files have another id for a name; each file is read by its own."""
    if declared is None:
        return ()
    usual = dict(zip(declared.names, declared.ids, strict=True))
    problems: list[Problem] = []
    for each in {id(d): d for d in folder.declared.values()}.values():
        for name, own in zip(each.names, each.ids, strict=True):
            if usual.get(name, own) != own:
                problems.append(_another(each.place, name, own, usual[name]))
    return tuple(problems)


def _another(place: str, name: str, own: FileId, usual: FileId) -> Problem:
    return Problem(
        code="RC284",
        place=place,
        what="a class has another id than in the training split; its name counts",
        got=f"{name}: {own}",
        want=str(usual),
        fix="nothing need be done; the training split's ids are written back",
        severity="warning",
    )


def _required_names(classes: Sequence[str]) -> tuple[str, ...]:
    known = tuple(classes)
    if known and len(set(known)) == len(known):
        return known
    raise ConfigError(
        "RC322",
        "classes",
        "not a list of class names",
        got=str(list(known))[:80],
        want="one name or more, each once",
        fix="give every class once",
    )


def _required_training(folder: Folder, root: Path, name: str | None) -> str:
    if name is None:
        raise AnnotationError(
            "RC202",
            place_of(root),
            "there is no training split to take the class names from",
            got=", ".join(folder.splits),
            want="train or trainval, or one split only",
            fix="add the split, or name the classes: Dataset.open(..., classes=[...])",
        )
    if not any(len(seen.rows.names) for seen in folder.splits[name]):
        empty = not folder.splits[name]
        raise AnnotationError(
            "RC221" if empty else "RC222",
            f"{place_of(root)}: {name}",
            "a split without pictures" if empty else "a split without objects",
            got=counted(len(folder.splits[name]), "picture"),
            want="objects to learn from",
            fix="fill its list" if empty else "add annotations to it",
        )
    return name
