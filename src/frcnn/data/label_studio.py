"""Label Studio's exports: JSON, or JSON-MIN, and folders of pictures, read but for the pixels.

A task is a picture. Of several annotations of it, one counts: the ground truth, else the one that
was changed last. Tasks that nobody finished are not used. Numbers are hundredths of the picture's
sides; a rectangle is turned about its first corner. Predictions are not read.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from frcnn.data.checksums import read_checksums
from frcnn.data.claims import read_claims, unlisted
from frcnn.data.export_claims import Entry, claims_of, ends_of, picture_folders
from frcnn.data.json_text import read_json
from frcnn.data.label_studio_shapes import Result, shape_of, stated_size
from frcnn.data.looking import Looking, opened
from frcnn.data.picture_paths import PictureFinder, home_of
from frcnn.data.problems import Problem
from frcnn.data.seen import Folder, Places, Rows
from frcnn.data.shapes import Shape, Tally, no_box, to_rows
from frcnn.data.split_words import splits_of_files
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import place_of
from frcnn.ops.pictures import SUFFIXES
from frcnn.types import Size

_HEAD = 1 << 16
"""Bytes at a file's beginning that tell what it is."""
_TASKS = re.compile(rb'"(annotations|completions)"\s*:\s*\[')
_REGIONS = re.compile(rb'"[a-z]+labels"\s*:')
_PREFIX = re.compile(r"^[0-9a-f]{8}-(?=.)")
"""What the name of an uploaded picture begins with."""


class _Answer(NamedTuple):
    """The annotation of a task that counts."""

    pointer: str
    """Where its results stand in the task."""
    results: Sequence[Any]


def is_label_studio(path: Path) -> bool:
    """Say whether a file is a list that begins like tasks.

    Args:
        path: of any file.

    Returns:
        Whether it may be an export.
    """
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return False
    return bool((b'"data"' in head and _TASKS.search(head)) or _REGIONS.search(head))


def find_label_studio(root: Path) -> dict[str, Path]:
    """Look for exports.

    AnnotationError RC233 when two of them mean one split.

    Args:
        root: a folder, or one such file.

    Returns:
        The files by split; none when there is none.
    """
    files = [root] if root.is_file() else sorted(root.glob("*.json"))
    return splits_of_files([p for p in files if is_label_studio(p) and not p.name.startswith(".")])


def read_folder(root: Path, look: Looking = opened) -> Folder:
    """Read all exports and headers.

    AnnotationError RC233, RC271 or RC272 when a file cannot be used.

    Args:
        root: of the data set, or its only file.
        look: tells the size of a picture.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    home = home_of(root)
    folder = Folder()
    readers = {split: _Reader(path, folder) for split, path in find_label_studio(root).items()}
    finders = {
        split: PictureFinder(picture_folders(reader.path.parent, home, split), home)
        for split, reader in readers.items()
    }
    claims = {
        split: list(claims_of(reader.entries(), finders[split], folder))
        for split, reader in readers.items()
    }
    read_claims(claims, read_checksums(home), folder, look)
    for reader in readers.values():
        folder.problems.extend(reader.tally.problems(reader.path))
        folder.outlines += reader.tally.outlines
    folder.problems.extend(unlisted(finders.values(), claims))
    return folder


def names_of(address: str) -> tuple[str, ...]:
    """List what a picture's file may be called within the data.

    Args:
        address: of the picture, as Label Studio has it.

    Returns:
        Ends of its path, the likeliest first.
    """
    parts = urlsplit(address.replace("\\", "/"))
    within = parse_qs(parts.query).get("d", [])  # of local files: /data/local-files/?d=a/b.jpg
    ends = [end for path in (*within, unquote(parts.path), address) for end in ends_of(path)]
    plain = [_PREFIX.sub("", end) for end in ends if "/" not in end]
    return tuple(dict.fromkeys((*ends, *plain)))


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, folder: Folder) -> None:
        self.path, self._folder = path, folder
        self.tally = Tally()

    def entries(self) -> Iterator[Entry]:
        """Give the tasks that somebody finished.

        Yields:
            What each says of its picture.

        Raises:
            AnnotationError: the file is no JSON (RC271), or has no tasks (RC272).
        """
        tasks = read_json(self.path)
        if not isinstance(tasks, list):
            raise self._not_tasks(f"a {type(tasks).__name__} at its top")
        unfinished: list[str] = []
        for number, task in enumerate(tasks):
            place = f"{place_of(self.path)}#/{number}"
            if not isinstance(task, dict):
                raise self._not_tasks(f"a {type(task).__name__} as its task {number}")
            answer = self._answer(task, place)
            if answer is None:
                unfinished.append(place)
                continue
            address = _address(task)
            names = names_of(address) if address else ()
            if not names:
                self._folder.problems.append(_no_picture(place, task))
                self._folder.pictures += 1
                continue
            places = Places(f"{place}/{answer.pointer}/")
            yield Entry(
                names=names,
                place=place,
                places=places,
                rows=partial(self._rows, answer.results, places),
                stated=stated_size(answer.results),
            )
        if unfinished:
            self._folder.problems.append(_unfinished(unfinished))

    def _answer(self, task: dict[str, Any], place: str) -> _Answer | None:
        """Choose the annotation that counts; None where nobody finished one."""
        key = "annotations" if "annotations" in task else "completions"
        if key not in task:
            return _minimal(task)
        found = task[key] if isinstance(task[key], list) else []
        finished = [(n, a) for n, a in enumerate(found) if _is_finished(a)]
        if not finished:
            return None
        number, chosen = max(finished, key=lambda pair: _rank(pair[1]))
        if len(finished) > 1:
            self._folder.problems.append(_several(f"{place}/{key}", len(finished), number))
        return _Answer(f"{key}/{number}/result", chosen["result"])

    def _rows(
        self, results: Sequence[Any], places: Places, size: Size, problems: list[Problem]
    ) -> Rows:
        shapes: list[Shape] = []
        named = {r.get("id") for r in results if isinstance(r, dict) and Result(r).names}
        for number, raw in enumerate(results):
            result = Result(raw if isinstance(raw, dict) else {})
            if not result.is_region:
                self.tally.others.update([_other(result)])
                continue
            if not result.names and raw.get("id") in named:  # one region in several results
                self.tally.others.update([] if result.is_plain else [_other(result)])
                continue
            shape = shape_of(result, number, size)
            if shape is None:
                problems.append(no_box(places.of(number), result.kind))
                continue
            shapes.extend(shape._replace(name=name) for name in result.names or ("",))
        return to_rows(shapes, places, self.tally, problems)

    def _not_tasks(self, got: str) -> AnnotationError:
        return AnnotationError(
            "RC272",
            place_of(self.path),
            "this JSON is no export of Label Studio",
            got=got,
            want="a list of tasks",
            fix="export the project as JSON, with pictures",
        )


def _other(result: Result) -> str:
    return f"result of kind {result.kind}"


def _is_finished(annotation: object) -> bool:
    """Say whether somebody said what is in the picture, be it nothing."""
    if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
        return False
    return not (annotation.get("was_cancelled") or annotation.get("skipped"))


def _rank(annotation: Mapping[str, Any]) -> tuple[bool, str]:
    changed = annotation.get("updated_at") or annotation.get("created_at") or ""
    return bool(annotation.get("ground_truth")), str(changed)


def _minimal(task: Mapping[str, Any]) -> _Answer | None:
    """Read a task of JSON-MIN: regions stand in it under the name of their control."""
    lists = {
        key: values
        for key, values in task.items()
        if isinstance(values, list) and values and all(isinstance(v, dict) for v in values)
    }
    if not lists and "annotation_id" not in task:
        return None
    results = [{"value": v, **v} for values in lists.values() for v in values]
    return _Answer("+".join(lists), results)


def _address(task: Mapping[str, Any]) -> str:
    """Find the picture's address; its key is whatever the project calls it."""
    data = task.get("data") if isinstance(task.get("data"), dict) else task
    texts = {k: v for k, v in (data or {}).items() if isinstance(v, str) and v}
    named = [v for v in texts.values() if names_of(v)[-1:] and _is_picture(names_of(v)[-1])]
    return texts.get("image") or next(iter(named), "")


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _no_picture(place: str, task: Mapping[str, Any]) -> Problem:
    data = task.get("data")
    keys = Counter(data if isinstance(data, dict) else task)
    return Problem(
        code="RC273",
        place=place,
        what="a task without a picture",
        got=", ".join(keys)[:80],
        want="the address of a picture",
        fix="take the task out, or label pictures only",
        effect="picture skipped",
    )


def _unfinished(places: Sequence[str]) -> Problem:
    return Problem(
        code="RC289",
        place=places[0],
        what="pictures that nobody finished labelling are not used",
        got=str(len(places)),
        fix="finish them and export again, or leave them out",
        severity="warning",
    )


def _several(place: str, count: int, chosen: int) -> Problem:
    return Problem(
        code="RC288",
        place=place,
        what="a picture with several annotations; one counts: the ground truth, or the latest",
        got=f"{count}, of which number {chosen} counts",
        fix="mark one as the ground truth, or delete the others",
        severity="warning",
    )
