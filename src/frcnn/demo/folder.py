"""Writing a data set in PASCAL VOC layout: all of it or nothing.

Pictures and annotations are collected in a hidden folder beside the final one, which is renamed
into place at the end. The development kit counts pixels from 1 and includes both ends: a box
(x1, y1, x2, y2) becomes xmin = x1 + 1, ymin = y1 + 1, xmax = x2, ymax = y2.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn.errors import ConfigError
from frcnn.files import disk_error

_PARTS = ("JPEGImages", "Annotations", "ImageSets/Main")
_SPLITS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class Object:
    """One marked object."""

    name: str
    """Of its class."""
    box: tuple[float, float, float, float]
    """(x1, y1, x2, y2), pixels, continuous, inside the picture."""
    difficult: bool
    """Neutral in training and evaluation: too little of it is seen."""


class SceneFolder:
    """A data set that is being written; use it in a `with` statement."""

    def __init__(self, folder: Path, quality: int) -> None:
        """Choose the place; nothing is written yet.

        Args:
            folder: where the data set will be; it must not exist, or be empty.
            quality: of the JPEG files, 1 ... 100.
        """
        self._folder = Path(folder)
        self._draft = self._folder.parent / f".{self._folder.name}.{os.getpid()}.tmp"
        self._quality = quality
        self._names: dict[str, list[str]] = {split: [] for split in _SPLITS}
        self._count = 0

    def __enter__(self) -> Self:
        """Make the hidden folder."""
        if self._folder.exists() and (not self._folder.is_dir() or any(self._folder.iterdir())):
            raise ConfigError(
                "RC331",
                str(self._folder),
                "there is something here already",
                want="a new or empty folder",
                fix="name another folder, or remove this one",
            )
        try:
            shutil.rmtree(self._draft, ignore_errors=True)  # of a killed process with this number
            for part in _PARTS:
                (self._draft / part).mkdir(parents=True)
        except OSError as error:
            raise disk_error(error, self._folder) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Rename the draft into place; throw it away if anything was raised."""
        if kind is not None:
            shutil.rmtree(self._draft, ignore_errors=True)
            return
        try:
            self._finish()
        except BaseException:
            shutil.rmtree(self._draft, ignore_errors=True)
            raise

    def add(self, split: str, picture: NDArray[np.uint8], objects: tuple[Object, ...]) -> None:
        """Write one picture and its annotation.

        Args:
            split: "train", "val" or "test".
            picture: [H, W, 3] uint8, RGB.
            objects: what is in it; may be none.

        Raises:
            DiskError: it could not be written.
        """
        name = f"scene_{self._count:05d}"
        xml = _annotation(f"{name}.jpg", picture.shape[:2], objects)
        try:
            Image.fromarray(picture).save(
                self._draft / "JPEGImages" / f"{name}.jpg", quality=self._quality
            )
            (self._draft / "Annotations" / f"{name}.xml").write_text(xml, encoding="utf-8")
        except OSError as error:
            raise disk_error(error, self._draft) from error
        self._names[split].append(name)
        self._count += 1

    def _finish(self) -> None:
        try:
            for split, names in self._names.items():
                path = self._draft / "ImageSets" / "Main" / f"{split}.txt"
                path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
            if self._folder.exists():  # empty: not every system renames over a folder
                self._folder.rmdir()
            self._draft.replace(self._folder)
        except OSError as error:
            raise disk_error(error, self._folder) from error


def _annotation(filename: str, shape: tuple[int, ...], objects: tuple[Object, ...]) -> str:
    height, width = shape
    lines = [
        "<annotation>",
        f"  <filename>{filename}</filename>",
        f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>",
        *(_object(thing) for thing in objects),
        "</annotation>",
    ]
    return "\n".join(lines) + "\n"


def _object(thing: Object) -> str:
    x1, y1, x2, y2 = (round(edge) for edge in thing.box)
    x2, y2 = max(x2, x1 + 1), max(y2, y1 + 1)
    return (
        f"  <object><name>{thing.name}</name><difficult>{thing.difficult:d}</difficult>"
        f"<bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
    )
