"""Files, folders and patterns, as people type them, into a list of picture files.

A file is taken whatever its name: its content decides. Of folders (with the folders in them) and
of patterns (`photos/**/*.jpg`), files that have a picture's ending are taken, hidden ones are not,
nor, below a folder, the pictures that an earlier prediction drew there.
Pictures of one source come sorted by path, sources in the order given, each file once.
"""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from frcnn.data.problems import Problem
from frcnn.errors import PictureError
from frcnn.ops.picture_header import place_of
from frcnn.ops.pictures import SUFFIXES
from frcnn.prediction.diary import Diary


class PictureFile(NamedTuple):
    """One picture on disk."""

    path: Path
    name: str
    """Its path inside the source, such as `a/1.jpg`; pictures of two sources may have the same."""


@dataclass(frozen=True, kw_only=True)
class Expanded:
    """What was asked for, file by file."""

    pictures: tuple[PictureFile, ...]
    problems: tuple[Problem, ...] = ()
    """Sources without a picture, folders that cannot be looked into."""
    left_out: tuple[Path, ...] = ()
    """Folders below the sources with pictures of an earlier prediction."""


def expand(sources: Iterable[str | os.PathLike[str]]) -> Expanded:
    """Find the pictures that sources stand for.

    Args:
        sources: files, folders, patterns with `*`, `?`, `[...]` or `**`.

    Returns:
        The pictures, and a problem for each source that gave none.
    """
    pictures: list[PictureFile] = []
    problems: list[Problem] = []
    drawn: dict[Path, None] = {}
    seen: set[str] = set()
    for source in sources:
        found = _expand(Path(source), problems, drawn)
        if not found:
            problems.append(_nothing(Path(source), drawn))
        for path, name in found:
            where = os.path.realpath(path)
            if where not in seen:
                seen.add(where)
                pictures.append(PictureFile(path, name))
    return Expanded(pictures=tuple(pictures), problems=tuple(problems), left_out=tuple(drawn))


def _expand(
    source: Path, problems: list[Problem], drawn: dict[Path, None]
) -> list[tuple[Path, str]]:
    """Give paths, each with its path inside the source; note folders that are left out."""
    if source.is_dir():
        found = _pictures_in(source, problems, drawn)
        return [(path, str(path.relative_to(source))) for path in found]
    if not os.path.lexists(source) and glob.has_magic(str(source)):
        hits = sorted(glob.glob(str(source), recursive=True))
        root = _root_of(source)
        return [(Path(hit), _inside(hit, root)) for hit in hits if _is_picture(Path(hit))]
    if not os.path.lexists(source):
        return []
    return [(source, source.name)]


def _pictures_in(folder: Path, problems: list[Problem], drawn: dict[Path, None]) -> list[Path]:
    def cannot_look(error: OSError) -> None:
        problems.append(_closed(error))

    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=cannot_look):
        ours = set(Diary.drawn_in(Path(place))).intersection(folders)
        drawn.update(dict.fromkeys(Path(place, name) for name in sorted(ours)))
        folders[:] = [name for name in folders if name not in ours]
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if _is_picture(Path(place, name))]
    return sorted(found)


def _is_picture(path: Path) -> bool:
    named = path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    return named and not path.is_dir()


def _root_of(pattern: Path) -> Path:
    """Give the folder that a pattern starts from: its parts before the first with a wildcard."""
    plain = Path(*_until_magic(pattern.parts))
    return plain if plain != pattern else plain.parent


def _inside(hit: str, root: Path) -> str:
    """Give a path inside the root; never one that leads out of it, as `*/../..` could."""
    name = Path(os.path.relpath(hit, root))
    return name.name if ".." in name.parts else str(name)


def _until_magic(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if glob.has_magic(part):
            return
        yield part


def _nothing(source: Path, drawn: Iterable[Path]) -> Problem:
    ours = next((folder for folder in drawn if folder.is_relative_to(source)), None)
    if ours is not None:
        refused = PictureError(
            "RC114",
            place_of(source),
            "no picture here",
            got=f"only pictures that a prediction drew, in {ours.relative_to(source)}",
            want="pictures to look at",
            fix=f"name {place_of(ours)} to look at these",
        )
        return Problem.of(refused, effect="picture skipped")
    there = os.path.lexists(source)
    error = PictureError(
        "RC114",
        place_of(source),
        "no picture here",
        got="a folder without pictures" if there else "no such file, folder or match",
        want=f"a picture, or files ending in {', '.join(SUFFIXES)}",
        fix="check the path; patterns need quotes so that the shell leaves them alone",
    )
    return Problem.of(error, effect="picture skipped")


def _closed(error: OSError) -> Problem:
    refused = PictureError(
        "RC115",
        place_of(Path(error.filename or "")),
        "a folder cannot be looked into",
        got=error.strerror or type(error).__name__,
        want="a folder that may be read",
        fix="change its permissions (`ls -ld` shows them)",
    )
    return Problem.of(refused, effect="picture skipped")
