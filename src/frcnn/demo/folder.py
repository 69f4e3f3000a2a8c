"""Writing a data set in PASCAL VOC layout: all of it or nothing.

Pictures and annotations are collected in a hidden folder beside the final one, which is renamed
into place at the end.
"""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn.data.new_folder import new_folder
from frcnn.data.voc_annotation import VOCObject, write_annotation
from frcnn.files import disk_error
from frcnn.types import Size

_PARTS = ("JPEGImages", "Annotations", "ImageSets/Main")
_SPLITS = ("train", "val", "test")


class SceneFolder:
    """A data set that is being written; use it in a `with` statement."""

    def __init__(self, folder: Path, quality: int) -> None:
        """Choose the place; nothing is written yet.

        Args:
            folder: where the data set will be; it must not exist, or be empty.
            quality: of the JPEG files, 1 ... 100.
        """
        self._folder = Path(folder)
        self._place = ExitStack()
        self._draft = self._folder  # until the hidden folder is made
        self._quality = quality
        self._names: dict[str, list[str]] = {split: [] for split in _SPLITS}
        self._count = 0

    def __enter__(self) -> Self:
        """Make the hidden folder."""
        self._draft = self._place.enter_context(new_folder(self._folder))
        try:
            for part in _PARTS:
                (self._draft / part).mkdir(parents=True)
        except OSError as error:
            self._place.__exit__(type(error), error, error.__traceback__)
            raise disk_error(error, self._folder) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Rename the draft into place; throw it away if anything was raised."""
        with self._place:
            if error is not None:
                raise error
            self._write_lists()

    def add(self, split: str, picture: NDArray[np.uint8], objects: tuple[VOCObject, ...]) -> None:
        """Write one picture and its annotation.

        Args:
            split: "train", "val" or "test".
            picture: [H, W, 3] uint8, RGB.
            objects: what is in it, pixels, continuous, inside the picture; may be none.

        Raises:
            DiskError: it could not be written.
        """
        name = f"scene_{self._count:05d}"
        size = Size(*picture.shape[:2])
        xml = write_annotation(f"{name}.jpg", size, [_object(thing) for thing in objects])
        try:
            Image.fromarray(picture).save(
                self._draft / "JPEGImages" / f"{name}.jpg", quality=self._quality
            )
            (self._draft / "Annotations" / f"{name}.xml").write_bytes(xml)
        except OSError as error:
            raise disk_error(error, self._draft) from error
        self._names[split].append(name)
        self._count += 1

    def _write_lists(self) -> None:
        try:
            for split, names in self._names.items():
                path = self._draft / "ImageSets" / "Main" / f"{split}.txt"
                path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        except OSError as error:
            raise disk_error(error, self._folder) from error


def _object(thing: VOCObject) -> VOCObject:
    """Round to whole pixels; two at least, because corners of VOC that meet are no box."""
    x1, y1, x2, y2 = (float(round(edge)) for edge in thing.box)
    return replace(thing, box=(x1, y1, max(x2, x1 + 2), max(y2, y1 + 2)))
