"""The diary of a folder's run: one line for each picture, written when its result is whole.

Kill the process at any instant: the lines that are there are true, a torn last one is cut off,
and `--resume` goes on after them. The first line says what the run was asked to do, so that
results of different models or thresholds are never mixed. A video has a line when it is begun and
one when it is done; its frames have a file of their own (`video/frame_diary.py`).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from frcnn import diaries, files
from frcnn.errors import ConfigError, PictureError
from frcnn.ops.picture_header import open_regular
from frcnn.prediction.forms.results import Picture
from frcnn.prediction.result import text_of
from frcnn.prediction.video.frame_diary import FrameDiary

NAME = "predictions.jsonl"
"""Of the file in the folder of results."""
PICTURES = "pictures"
"""The folder of pictures with boxes, beside it."""
CROPS = "crops"
"""The folder of cut-out objects, beside it."""
_NO_JSON = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
_LONGEST_HEAD = 1 << 20  # bytes; a head of ours has a few thousand
_OWN = ("stamp", "inside", "stem", "frames", "begun", "problem")  # of a line, but not of a result


class _Latest(NamedTuple):
    """What is remembered of a picture's last line."""

    fault: str
    """The error's code; empty for a result."""
    stamp: list[int]
    """Of the picture's file at that time."""
    is_whole: bool
    """False for a video that was begun, and is not done."""
    has_frames: bool
    """It is a video, of which frames may be done."""


class Diary:
    """The file. Of each picture only whether it is done is kept in memory, not what was found."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Open or start the diary of a folder of results.

        Errors are ConfigError RC388 when the diary in the folder was begun for something else or
        is damaged, DiskError when it cannot be read or written.

        Args:
            folder: of the results; it exists.
            about: what the run was asked to do, plain values.
        """
        self.path = folder / NAME
        self._latest: dict[str, _Latest] = {}
        self._owners: dict[str, str] = {}
        head = json.loads(_line({"run": dict(about)}))  # as it is read again
        rows = self._read()
        first = next(rows, None)
        if first is None:
            diaries.append_line(self.path, _line(head))
        else:
            _require_same(self.path, first, head)
        for row in rows:
            self._remember(row)

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Tell whether a folder holds a diary already."""
        return (folder / NAME).exists()

    @staticmethod
    def drawn_in(folder: Path) -> list[str]:
        """Name what in a folder of results holds pictures of ours: `PICTURES`, `CROPS`."""
        if not (folder / NAME).exists():
            return []
        try:
            with open_regular(folder / NAME) as file:
                run = json.loads(file.readline(_LONGEST_HEAD))["run"]
                kinds = {PICTURES: run["images"], CROPS: run.get("crops")}
        except (OSError, PictureError, *_NO_JSON):  # a file of somebody else's, whatever is in it
            return []
        return [name for name, written in kinds.items() if written]

    def is_done(self, path: Path | str) -> bool:
        """Tell whether a picture has its result, and its file is still the same.

        A picture that could not be read is not done: it may have been mended.
        """
        latest = self._latest.get(text_of(path))
        done = latest is not None and not latest.fault and latest.is_whole
        return latest is not None and done and latest.stamp == stamp_of(path)

    def has_frames(self, path: Path | str) -> bool:
        """Tell whether frames of a video are done, and its file is still the same.

        What is no file may be another one under the same address, so it is begun anew.
        """
        latest, stamp = self._latest.get(text_of(path)), stamp_of(path)
        return latest is not None and latest.has_frames and bool(stamp) and latest.stamp == stamp

    def is_free(self, name: str, path: Path | str) -> bool:
        """Tell whether a picture's result may be written under a name, whatever its case.

        Args:
            name: an `image` or a `stem`, as the lines have it.
            path: of the picture.

        Returns:
            Whether no other picture has the name.
        """
        own = text_of(path)
        return self._owners.get(name.casefold(), own) == own

    def add(self, path: Path | str, row: Mapping[str, Any]) -> None:
        """Write a picture's line; whatever belongs to its result is on disk already.

        Args:
            path: of the picture.
            row: plain values; of two lines for a picture the later one counts. DiskError when
                it cannot be written.
        """
        entry = {"path": text_of(path), "stamp": stamp_of(path), **row}
        latest = _latest_of(entry)
        if latest.fault and latest == self._latest.get(entry["path"]):
            return  # the same fault again
        diaries.append_line(self.path, _line(entry))
        self._remember(entry)

    def pictures(self) -> Iterator[Picture]:
        """Read the results again, each picture and each frame once.

        Yields:
            What was written of a picture or frame, in the order of the lines.
        """
        for row in self._current():
            if "frames" in row:
                yield from self._frames_of(row)
            elif "problem" not in row:
                result = {name: value for name, value in row.items() if name not in _OWN}
                inside = row.get("inside", Path(row["path"]).name)  # older lines do not say
                stem = row.get("stem", str(Path(inside).with_suffix("")))
                yield Picture(row=result, inside=inside, stem=stem)

    def videos(self) -> Iterator[dict[str, Any]]:
        """Read again what is known of each video as a whole.

        Yields:
            Of each video that is done its path, size, rate, number of frames, and what was drawn.
        """
        for row in self._current():
            if "frames" in row and "begun" not in row:
                yield {name: value for name, value in row.items() if name not in _OWN}

    def _frames_of(self, row: Mapping[str, Any]) -> Iterator[Picture]:
        """Read a video's frames again, named as pictures would be: `film.mp4_000012.jpg`.

        Yields:
            What was written of each.
        """
        for frame in FrameDiary(self.path.parent / row["frames"]).rows():
            number = f"_{frame['frame']:06}"
            yield Picture(frame, inside=f"{row['inside']}{number}.jpg", stem=row["stem"] + number)

    def problems(self) -> Iterator[dict[str, Any]]:
        """Read the faults again, of the pictures that have no result.

        Yields:
            An error's fields, in the order of the lines.
        """
        for row in self._current():
            if "problem" in row:
                yield row["problem"]

    def _remember(self, row: Mapping[str, Any]) -> None:
        self._latest[row["path"]] = _latest_of(row)
        for name in ("image", "stem"):
            if name in row:
                self._owners[row[name].casefold()] = row["path"]

    def _current(self) -> Iterator[dict[str, Any]]:
        # from the file alone: an interrupt may have come between a line and its being remembered
        last = {row["path"]: number for number, row in enumerate(self._read()) if number}
        rows = enumerate(self._read())
        return (row for number, row in rows if number and last[row["path"]] == number)

    def _read(self) -> Iterator[dict[str, Any]]:  # up to the last whole line
        if not self.path.exists():
            return
        with self._open() as stream:
            for number, line in enumerate(stream):
                if line.endswith(b"\n"):
                    yield _parsed(self.path, number, line)

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise files.disk_error(error, self.path) from error


def stamp_of(path: Path | str) -> list[int]:
    """Give a file's length and time, by which a changed one is known; empty when it is gone.

    What results call by a text is no file.
    """
    if isinstance(path, str):
        return []
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, allow_nan=False, ensure_ascii=False)


def _latest_of(row: Mapping[str, Any]) -> _Latest:
    return _Latest(_fault_of(row), row["stamp"], "begun" not in row, "frames" in row)


def _fault_of(row: Mapping[str, Any]) -> str:
    return str(row["problem"]["code"]) if "problem" in row else ""


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or not row.keys() >= ({"path", "stamp"} if number else {"run"}):
        got = line[:60].decode(errors="replace").strip()
        place = f"{path}:{number + 1}"
        raise _cannot_resume(place, "the line is damaged", got, "a line as frcnn writes it")
    return row


def _require_same(path: Path, row: Mapping[str, Any], head: Mapping[str, Any]) -> None:
    before, now = row["run"], head["run"]
    differing = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if differing:
        got = ", ".join(f"{name} {before.get(name)}" for name in differing)
        want = ", ".join(f"{name} {now.get(name)}" for name in differing)
        raise _cannot_resume(f"{path}:1", "the results there were made otherwise", got, want)


def _cannot_resume(place: str, what: str, got: str, want: str) -> ConfigError:
    fix = "resume with the same model and options, or choose another folder"
    return ConfigError("RC388", place, what, got=got, want=want, fix=fix)
