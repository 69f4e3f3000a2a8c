"""Questions about whole splits: is one empty, do two share pictures, is a class rare.

All are warnings: training works, but its figures may mean less than they seem to.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path

from frcnn.data.problems import Problem, Report
from frcnn.data.records import UNOPENED, Record, Split
from frcnn.data.split_words import USUAL  # "trainval" shares its pictures on purpose
from frcnn.ops.picture_header import place_of

FEW_BOXES = 10
"""A class with fewer boxes in the training split is warned about."""
COPIED = "RC220"
"""One picture in two splits, or under two names."""
_ALIKE = 0.8  # of 1: "platelet" and "platelets", not "car" and "cat"
_END_BYTES = 4096


def check_splits(splits: Mapping[str, Split], training: str | None, root: Path) -> list[Problem]:
    """Ask all questions.

    Args:
        splits: of one data set.
        training: which of them training uses; None when there is none.
        root: folder of the data set.

    Returns:
        A warning for each finding.
    """
    return [
        *_empty(splits.values(), root),
        *(_absent(splits[training], root) if training else ()),
        *(_rare(splits[training], root) if training else ()),
        *_shared(splits, root),
        *_copies(splits.values()),
    ]


def copies_in(report: Report) -> set[str]:
    """Give the places of pictures that are copies, byte for byte.

    Args:
        report: of a data set that was opened.

    Returns:
        The places of the second ones.
    """
    return {problem.place for problem in report.problems if problem.code == COPIED}


def _empty(splits: Iterable[Split], root: Path) -> Iterator[Problem]:
    for split in splits:
        place = f"{place_of(root)}: {split.name}"
        if not split.records:
            yield _warning("RC221", place, "a split without pictures", "fill its list or delete it")
        elif split.without_objects == len(split):
            yield _warning("RC222", place, "a split without objects", "add annotations to it")


def _absent(split: Split, root: Path) -> Iterator[Problem]:
    absent = [name for name, count in split.boxes_per_class.items() if not count]
    if absent:
        yield _warning(
            "RC269",
            f"{place_of(root)}: {split.name}",
            "classes without a single box in the training split",
            "take them out of the class list, above all a heading such as Roboflow's category 0; "
            "or add pictures of them",
            got=", ".join(absent[:20]) + (", ..." if len(absent) > 20 else ""),
        )


def _rare(split: Split, root: Path) -> Iterator[Problem]:
    counts = split.objects_per_class
    named = split.boxes_per_class
    few = {name: count for name, count in counts.items() if named[name] and count < FEW_BOXES}
    meant = {name: _alike(name, [n for n in counts if counts[n] > few[name]]) for name in few}
    for name in sorted(few, key=lambda name: not meant[name]):  # likely mistakes first
        doubt = f"; is {meant[name]!r} meant?" if meant[name] else ""
        yield _warning(
            "RC226",
            f"{place_of(root)}: {split.name}",
            "a class with few boxes to learn from",
            "add pictures of it, or leave the class out; a misspelt name is a class of its own",
            got=f"{name}: {few[name]}{doubt}",
        )


def _alike(name: str, others: Iterable[str]) -> str:
    """Find a class whose name differs by a slip: a letter or two, or letters that changed places.

    Returns:
        Its name; empty where there is none.
    """
    names = list(others)
    near = get_close_matches(name, names, n=1, cutoff=_ALIKE)
    same = [other for other in names if sorted(other) == sorted(name)]
    return (near + same + [""])[0]


def _shared(splits: Mapping[str, Split], root: Path) -> Iterator[Problem]:
    """Find files that are in two splits by name.

    Yields:
        A warning for each.
    """
    for first, second in combinations([splits[n] for n in USUAL if n in splits], 2):
        paths = {record.path for record in first.records}
        for record in second.records:
            if record.path in paths:
                yield _warning(
                    COPIED,
                    place_of(record.path),
                    "the same picture twice",
                    "keep it in one split only, or figures on the other are too good",
                    got=f"in {first.name} and in {second.name}",
                )


def same_bytes(records: Iterable[Record]) -> list[list[Record]]:
    """Find different files with the same bytes: by length, then both ends, then in full.

    Args:
        records: of any splits; those that were never opened are not looked at.

    Returns:
        Those that are alike together, two or more.
    """
    known = {record.path: record for record in records}
    groups = [[record for record in known.values() if record.stamp != UNOPENED]]
    groups = _divide(groups, lambda r: r.stamp.bytes)
    groups = _divide(groups, lambda r: _digest(r.path, _END_BYTES))
    return _divide(groups, lambda r: _digest(r.path, None))


def _copies(splits: Iterable[Split]) -> Iterator[Problem]:
    """Report different files with the same bytes.

    Yields:
        A warning for each copy.
    """
    for first, *copies in same_bytes(r for split in splits for r in split.records):
        for copy in copies:
            yield _warning(
                COPIED,
                place_of(copy.path),
                "the same picture twice",
                "delete one, above all if they are in different splits",
                got=f"a copy of {place_of(first.path)}",
            )


def _divide(groups: list[list[Record]], key: Callable[[Record], Hashable]) -> list[list[Record]]:
    """Divide each group by a key; those that are alone in theirs are no copies."""
    divided: list[list[Record]] = []
    for group in groups:
        parts: dict[Hashable, list[Record]] = defaultdict(list)
        for record in group:
            parts[key(record)].append(record)
        divided += [part for part in parts.values() if len(part) > 1]
    return divided


def _digest(path: Path, ends: int | None) -> str:
    with path.open("rb") as file:
        if ends is None:
            return hashlib.file_digest(file, "sha256").hexdigest()
        start = file.read(ends)
        file.seek(-min(ends, len(start)), 2)
        return hashlib.sha256(start + file.read()).hexdigest()


def _warning(code: str, place: str, what: str, fix: str, got: str = "") -> Problem:
    return Problem(code=code, place=place, what=what, fix=fix, got=got, severity="warning")
