"""What was found in one picture: plain values, with class names, the picture, and ways out.

Boxes are in pixels of the upright original picture. N detections, C classes, H x W pixels.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from frcnn.draw import colour_of, draw_boxes
from frcnn.errors import ConfigError, PictureError, ShapeError
from frcnn.ops import boxes as box_ops
from frcnn.ops import pictures
from frcnn.prediction.picture_files import encode, kind_of, write_picture
from frcnn.types import Detections, Size, name_of

if TYPE_CHECKING:
    import supervision

Which = int | slice | Tensor | NDArray[np.generic] | Sequence[int] | Sequence[bool]
"""What chooses detections: a row, a slice, rows, or a mask."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Result:
    """What was found in one picture, highest score first."""

    detections: Detections
    """The plain values, on the CPU."""
    classes: tuple[str, ...]
    """Names of class ids 0 ... C-1."""
    size: Size
    """Of the upright original picture."""
    path: Path | None = None
    """Of the picture; None when it was given in memory."""
    notes: tuple[str, ...] = ()
    """Remarks about the picture, such as "EXIF rotation 6 applied"."""
    pixels: NDArray[np.uint8] | None = field(default=None)
    """[H, W, 3] uint8, RGB, when the picture was given in memory; else it is read when needed."""
    frame: int | None = None
    """Of a video: which frame this is, from 0."""
    time: float | None = None
    """Of a video: seconds from its beginning, where it says so."""

    @property
    def boxes(self) -> Tensor:
        """[N, 4] float32 (x1, y1, x2, y2), pixels of the original picture."""
        return self.detections.boxes

    @property
    def scores(self) -> Tensor:
        """[N] float32, in [0, 1]."""
        return self.detections.scores

    @property
    def labels(self) -> Tensor:
        """[N] int64, class ids 0 ... C-1."""
        return self.detections.labels

    @property
    def probabilities(self) -> Tensor | None:
        """[N, C] float32, every class's probability; None unless they were asked for."""
        return self.detections.probabilities

    @property
    def names(self) -> list[str]:
        """The N class names."""
        return [self.classes[label] for label in self.labels.tolist()]

    @property
    def area(self) -> Tensor:
        """[N] float32, square pixels of the original picture."""
        return box_ops.area(self.boxes)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each class were found, most frequent first."""
        return dict(Counter(self.names).most_common())

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator["Result"]:
        """Go through the detections, each a result of its own."""
        return (self[row] for row in range(len(self)))

    def __getitem__(self, which: Which) -> "Result":
        """Choose detections.

        Args:
            which: a row, a slice, a list or array of rows, or a mask of N true or false.

        Returns:
            The chosen ones, of the same picture, in the order chosen. IndexError when a row is
            not there, ShapeError when these are neither rows nor a mask of the right length.
        """
        chosen = self.detections.take(_rows(which, len(self)))
        return replace(self, detections=chosen)

    def __repr__(self) -> str:
        """Say it in one line: "7 objects: person 3, car 2, dog, kite"."""
        head = f"{len(self)} object{'' if len(self) == 1 else 's'}"
        rest = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        return f"{head}: {rest}" if rest else head

    def _repr_png_(self) -> bytes | None:
        """Show the picture in a notebook, where there is one; else its text is shown."""
        if self.pixels is None and (self.path is None or not self.path.is_file()):
            return None
        return encode(self.plotted(), "PNG")

    def picture(self) -> NDArray[np.uint8]:
        """Give the picture itself, read again where it came from a file.

        Returns:
            [H, W, 3] uint8, RGB, upright.

        Raises:
            PictureError: there is none (RC111), it is no longer the same (RC112), or cannot be
                read.
        """
        if self.pixels is not None:
            return self.pixels
        if self.path is None:
            raise PictureError(
                "RC111",
                "Result.picture",
                "the result came without its picture",
                want="a path, or pixels",
                fix="give it one: dataclasses.replace(found, path=Path(...))",
            )
        pixels = pictures.decode(self.path).pixels
        if pixels.shape[:2] != tuple(self.size):
            raise PictureError(
                "RC112",
                str(self.path),
                "the picture changed since it was looked at",
                got=f"{pixels.shape[1]} x {pixels.shape[0]}",
                want=f"{self.size.width} x {self.size.height}",
                fix="predict again",
            )
        return pixels

    def plotted(self) -> NDArray[np.uint8]:
        """Draw the boxes with names and scores on the picture: [H, W, 3] uint8, RGB."""
        captions = [
            f"{name} {score:.2f}"
            for name, score in zip(self.names, self.scores.tolist(), strict=True)
        ]
        colours = [colour_of(label) for label in self.labels.tolist()]
        return draw_boxes(self.picture(), self.boxes, captions, colours)

    def save(self, path: str | Path) -> Path:
        """Write the picture with its boxes.

        Args:
            path: of the new file; its ending says the kind.

        Returns:
            The path. PictureError when there is no picture, DiskError when the file could not be
            written (what was there before still is), and

        Raises:
            ConfigError: the ending is unknown (RC383), or this is the picture itself (RC384).
        """
        path = Path(path)
        kind_of(path)
        if self.path is not None and path.exists() and path.samefile(self.path):
            raise ConfigError(
                "RC384",
                str(path),
                "the boxes would be drawn into the picture itself",
                want="another file",
                fix=f"save it as {path.with_stem(path.stem + '-found').name}",
            )
        write_picture(path, self.plotted())
        return path

    def to_json(self) -> dict[str, Any]:
        """Give plain values for strict JSON: size, and for each object name, score and box.

        Returns:
            `path` (or null), `width`, `height`, `notes`, `objects`; each object with `label`,
            `name`, `score`, `box` (x1, y1, x2, y2), and `probabilities` by class name where they
            were asked for; of a video `frame` and `time`, too. Numbers are exact: as float32 they
            give the same values again.
        """
        return {
            "path": None if self.path is None else text_of(self.path),
            **({} if self.frame is None else {"frame": self.frame, "time": self.time}),
            "width": self.size.width,
            "height": self.size.height,
            "notes": list(self.notes),
            "objects": self._objects(),
        }

    def to_coco(self, image_id: int | str | None = None) -> list[dict[str, Any]]:
        """Write the detections as COCO's results format has them.

        Args:
            image_id: of the picture; the file's name without ending, or 0, when not given.

        Returns:
            For each detection `image_id`, `category_id` (our class id, from 0), `bbox` (x, y,
            width, height in pixels) and `score`.
        """
        if image_id is None:
            stem = 0 if self.path is None else self.path.stem
            image_id = stem if self.frame is None else f"{stem}_{self.frame:06}"
        w, h = box_ops.sides(self.boxes)
        sides = torch.stack((self.boxes[:, 0], self.boxes[:, 1], w, h), dim=1)
        rows = zip(self.labels.tolist(), _exact(sides), _exact(self.scores), strict=True)
        return [
            {"image_id": image_id, "category_id": label, "bbox": box, "score": score}
            for label, box, score in rows
        ]

    def to_supervision(self) -> "supervision.Detections":
        """Give the same as `supervision.Detections`, with `class_name` in its data.

        Raises:
            ConfigError: the package supervision is not installed (RC385).
        """
        try:
            import supervision
        except ImportError as error:
            raise ConfigError(
                "RC385",
                "Result.to_supervision",
                "the package supervision is not installed",
                want="supervision >= 0.31",
                fix="python -m pip install supervision",
            ) from error
        return supervision.Detections(
            xyxy=self.boxes.numpy().copy(),
            confidence=self.scores.numpy().copy(),
            class_id=self.labels.numpy().copy(),
            data={"class_name": np.array(self.names, dtype=str)},
        )

    def _objects(self) -> list[dict[str, Any]]:
        rows = zip(
            self.labels.tolist(), self.names, _exact(self.scores), _exact(self.boxes), strict=True
        )
        keys = ("label", "name", "score", "box")
        objects = [dict(zip(keys, row, strict=True)) for row in rows]
        if self.probabilities is not None:
            for item, row in zip(objects, _exact(self.probabilities), strict=True):
                item["probabilities"] = dict(zip(self.classes, row, strict=True))
        return objects


def text_of(path: Path | str) -> str:
    """Write a path as text that any JSON reader takes; bytes that are no UTF-8 in hexadecimal."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _exact(values: Tensor) -> list[Any]:
    """Give numbers by their shortest digits that are the same float32; zero without a sign."""
    plain = values.numpy() + np.float32(0)  # -0.0 becomes 0.0
    return plain.astype(str).astype(float).tolist()  # type: ignore[no-any-return]


def _rows(which: Which, count: int) -> Tensor:
    if isinstance(which, slice):
        return torch.tensor(range(count)[which], dtype=torch.int64)
    if isinstance(which, int | np.integer) and not isinstance(which, bool):
        return torch.tensor([range(count)[which]])
    rows = torch.as_tensor(which)
    if rows.numel() == 0 and not isinstance(which, Tensor | np.ndarray):
        rows = rows.long()  # an empty list has no type of its own
    if rows.dtype == torch.bool and rows.shape == (count,):
        return rows.nonzero()[:, 0]
    if rows.ndim != 1 or rows.dtype.is_floating_point or rows.dtype == torch.bool:
        got = f"{list(rows.shape)} {name_of(rows.dtype)}"
        raise ShapeError(
            "Result[...]", got=got, want=f"rows, a slice, or a mask of {count} true or false"
        )
    rows = rows.long().cpu()
    if rows.numel() and not (-count <= int(rows.min()) and int(rows.max()) < count):
        raise IndexError(f"rows {rows.tolist()} of {count} detections")
    return rows
