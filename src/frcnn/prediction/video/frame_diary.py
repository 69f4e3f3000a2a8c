"""The diary of a video's frames: a line for each, written when its result is whole.

    frames/film.mp4.jsonl    {"path": "film.mp4", "frame": 12, "time": 0.48, ..., "objects": [...]}

It is read again line by line, never as a whole, so an hour of video takes no more memory than a
second. The folder's diary says which video it belongs to, and whether it is complete.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from frcnn import diaries, files
from frcnn.errors import ConfigError

FOLDER = "frames"
"""Of these files, in the folder of results."""


class FrameDiary:
    """The file of one video."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet.

        Args:
            path: of the file; it need not be there.
        """
        self.path = path

    def begin(self) -> None:
        """Forget what an earlier run found in another video; DiskError when it cannot be."""
        files.write_atomically(self.path, lambda _: None)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a frame's line.

        Args:
            row: plain values, without NaN. DiskError when it cannot be written.
        """
        diaries.append_line(self.path, json.dumps(row, allow_nan=False, ensure_ascii=False))

    def count(self) -> int:
        """Count the whole lines."""
        return sum(1 for _ in self._lines())

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read the frames again.

        Yields:
            What was written of each, in order, up to the last whole line.

        Raises:
            ConfigError: a line is damaged (RC388).
        """
        for number, line in enumerate(self._lines(), 1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or not row.keys() >= {"frame", "objects"}:
                raise ConfigError(
                    "RC388",
                    f"{self.path}:{number}",
                    "the line is damaged",
                    got=line[:60].decode(errors="replace").strip(),
                    want="a line as frcnn writes it",
                    fix="choose another folder, and begin anew",
                )
            yield row

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as stream:
                yield from (line for line in stream if line.endswith(b"\n"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise files.disk_error(error, self.path) from error
