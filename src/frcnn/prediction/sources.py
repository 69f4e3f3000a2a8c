"""Sources, as people type them, into pictures and videos.

A file is taken whatever its name: its content decides whether it is a picture or a video. A text
that ends in .txt is a list of sources (`lists.py`). Of folders (with the folders in them) and of
patterns (`photos/**/*.jpg`), files that have a picture's or a video's ending are taken, hidden
ones are not, nor, below a folder, the pictures that an earlier prediction drew there. What is no
path may be an address, a camera or a stream (`video/kinds.py`), and `-` is standard input: one
picture, or a list. Pictures of one source come sorted by path, sources in the order given, each
file once.
"""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from frcnn.data.problems import Problem
from frcnn.errors import PictureError
from frcnn.ops.picture_header import begins_as_picture, open_regular, place_of
from frcnn.ops.pictures import SUFFIXES
from frcnn.prediction import lists
from frcnn.prediction.addresses import is_web_address, masked, name_of_address
from frcnn.prediction.diary import Diary
from frcnn.prediction.origins import Origin, PictureFile, PipedPicture, WebPicture
from frcnn.prediction.video.kinds import (
    VideoSource,
    is_named_as_video,
    kind_of_video,
    video_of_file,
    video_typed,
)


@dataclass(frozen=True, kw_only=True)
class Expanded:
    """What was asked for, one by one."""

    pictures: tuple[Origin, ...] = ()
    videos: tuple[VideoSource, ...] = ()
    """Cameras and streams, too."""
    problems: tuple[Problem, ...] = ()
    """Sources without a picture, folders that cannot be looked into."""
    left_out: tuple[Path, ...] = ()
    """Folders below the sources with pictures of an earlier prediction."""


def expand(sources: Iterable[str | os.PathLike[str]]) -> Expanded:
    """Find the pictures and videos that sources stand for.

    Args:
        sources: files, folders, patterns with `*`, `?`, `[...]` or `**`, lists, addresses, cameras,
            streams, and `-` for standard input, which is read to its end.

    Returns:
        What was found, and a problem for each source that gave none. Nothing is fetched yet.
    """
    expansion = _Expansion()
    for source in sources:
        expansion.add(os.fspath(source))
    return Expanded(
        pictures=tuple(expansion.pictures),
        videos=tuple(expansion.videos),
        problems=tuple(expansion.problems),
        left_out=tuple(expansion.drawn),
    )


class _Expansion:
    """What was found so far."""

    def __init__(self) -> None:
        self.pictures: list[Origin] = []
        self.videos: list[VideoSource] = []
        self.problems: list[Problem] = []
        self.drawn: dict[Path, None] = {}
        self._seen: set[str] = set()
        self._shown: set[str] = set()

    def add(self, text: str, place: str = "") -> None:
        """Add all that one source stands for; `place` is its line in a list."""
        path = Path(text)
        if lists.is_standard_input(text):
            self._add_list(lists.STANDARD_INPUT, place)
        elif _is_list_file(path):
            self._add_list(text, place)
        elif os.path.lexists(path):
            found = _pictures_in(path, self.problems, self.drawn) if path.is_dir() else [path]
            self._add_files((file, _name_in(path, file)) for file in found)
            if not found:
                self.problems.append(_nothing(path, self.drawn, place))
        elif not self._add_address(text):
            hits = glob.glob(text, recursive=True) if glob.has_magic(text) else []
            found = [Path(hit) for hit in sorted(hits) if _is_wanted(Path(hit))]
            root = _root_of(path)
            self._add_files((hit, _inside(str(hit), root)) for hit in found)
            if not found:
                self.problems.append(_nothing(path, self.drawn, place))

    def _add_files(self, files: Iterable[tuple[Path, str]]) -> None:
        for path, name in files:
            if not self._is_new(os.path.realpath(path)):
                continue
            if _is_video(path):
                self.videos.append(video_of_file(path, name))
            else:
                self.pictures.append(PictureFile(path, name))

    def _add_address(self, text: str) -> bool:
        """Add a camera, a stream, a video or picture of the web; tell whether it is one."""
        video = video_typed(text)
        if video is None and not is_web_address(text):
            return False
        if not self._is_new(text if video is None else str(video.where)):
            return True
        if video is not None:
            self.videos.append(video._replace(path=self._shown_once(str(video.path))))
        else:
            shown = self._shown_once(masked(text))
            self.pictures.append(WebPicture(shown, name_of_address(text, "picture"), text))
        return True

    def _add_list(self, text: str, place: str) -> None:
        if place:
            refused = lists.no_list(place, f"{text}, a list in a list", "name that list by itself")
            self.problems.append(Problem.of(refused, effect="picture skipped"))
            return
        try:
            lines = self._lines_of(text)
        except PictureError as error:
            self.problems.append(Problem.of(error, effect="picture skipped"))
            return
        for line in lines:
            self.add(line.text, line.place)

    def _lines_of(self, text: str) -> list[lists.Line]:
        if text != lists.STANDARD_INPUT:
            lines, got = lists.lines_of_file(Path(text)), "a list without a line"
        elif not self._is_new(text):
            return []
        else:
            data = lists.read_standard_input()
            if begins_as_picture(data[:32]):
                self.pictures.append(PipedPicture(text, "stdin", data))
                return []
            kind = kind_of_video(data[:200])
            if kind is not None:
                raise lists.no_list(text, kind, "write it into a file, and name that")
            lines, got = lists.lines_of_bytes(data), "nothing on standard input"
        if not lines:
            raise lists.no_list(text, got, "write a picture's path or address on a line")
        return lines

    def _is_new(self, where: str) -> bool:
        is_new = where not in self._seen
        self._seen.add(where)
        return is_new

    def _shown_once(self, shown: str) -> str:
        """Tell two addresses apart that differ in what is not shown."""
        name, number = shown, 1
        while name in self._shown:
            number += 1
            name = f"{shown} ({number})"
        self._shown.add(name)
        return name


def _is_video(path: Path) -> bool:
    """Tell a video; what has its name but is neither that nor a picture is reported as one."""
    start = _start_of(path)
    is_film = kind_of_video(start) is not None
    return is_film or (is_named_as_video(path) and not begins_as_picture(start[:32]))


def _is_list_file(path: Path) -> bool:
    if not lists.is_list(path) or not path.is_file():
        return False
    start = _start_of(path)
    return not begins_as_picture(start[:32]) and kind_of_video(start) is None


def _start_of(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(200)
    except PictureError:  # said again, and reported, when it is looked at
        return b""


def _name_in(source: Path, file: Path) -> str:
    return source.name if file == source else str(file.relative_to(source))


def _pictures_in(folder: Path, problems: list[Problem], drawn: dict[Path, None]) -> list[Path]:
    def cannot_look(error: OSError) -> None:
        problems.append(_closed(error))

    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=cannot_look):
        ours = set(Diary.drawn_in(Path(place))).intersection(folders)
        drawn.update(dict.fromkeys(Path(place, name) for name in sorted(ours)))
        folders[:] = [name for name in folders if name not in ours]
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if _is_wanted(Path(place, name))]
    return sorted(found)


def _is_wanted(path: Path) -> bool:
    named = path.suffix.lower() in SUFFIXES or is_named_as_video(path)
    return named and not path.name.startswith(".") and not path.is_dir()


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


def _nothing(source: Path, drawn: Iterable[Path], place: str) -> Problem:
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
    got = "a folder without pictures" if there else "no such file, folder or match"
    error = PictureError(
        "RC114",
        place or place_of(source),
        "no picture here",
        got=f"{got}: {place_of(source)}" if place else got,
        want=f"a picture or video, or files ending in {', '.join(SUFFIXES)}, .mp4 and the like",
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
