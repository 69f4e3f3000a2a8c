"""Stored proposals: what a first stage put forward in every picture of a split, in one file.

Alternating training computes them once for a whole data set and then holds them fixed (Faster
R-CNN §3.2); Fast R-CNN alone takes anybody's. `proposals_writer` writes them picture by picture;
here they are mapped, and copied when a picture's are asked for. `proposals_layout` has the form.

Letters: P proposals of a picture.
"""

import json
import mmap
import operator
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch
from torch import Tensor

from frcnn import files
from frcnn.data import proposals_layout as layouts
from frcnn.data.proposal_checks import require_pictures, require_sound
from frcnn.data.proposals_layout import About, Layout, damaged
from frcnn.data.records import Split
from frcnn.errors import DataError
from frcnn.ops.boxes import mirror
from frcnn.types import Size


class PictureProposals(NamedTuple):
    """The proposals of one picture, in the order in which they were stored: best first."""

    boxes: Tensor
    """[P, 4] float32, pixels of the original picture; P may be 0."""
    scores: Tensor
    """[P] float32, finite: the RPN's logits, unless the file's maker says otherwise."""


class StoredProposals:
    """The proposals of every picture of a split, mapped from a file; copied when asked for."""

    path: Path
    about: About
    """What the file says about itself."""

    def __init__(self, path: Path, about: About, layout: Layout, mapped: mmap.mmap) -> None:
        """Take a file that is open; `StoredProposals.open` opens one.

        Args:
            path: of the file.
            about: as its header has it.
            layout: as its header has it, all within the file.
            mapped: the whole file.

        Raises:
            DataError: what stands in it contradicts itself (RC251).
        """
        self.path, self.about = path, about
        self._mapped, self._layout, self._end = mapped, layout, layout.end
        copies = layout.pictures * layout.copies
        self._first = self._array(np.dtype("<i8"), layout.first, copies + 1)
        self._sizes = self._array(np.dtype("<i4"), layout.sizes, 2 * layout.pictures).reshape(-1, 2)
        rows = self._array(np.dtype("<f4"), layout.proposals, layouts.COLUMNS * layout.rows)
        self._rows = rows.reshape(-1, layouts.COLUMNS)
        self._require_whole()

    @classmethod
    def open(cls, path: str | Path) -> "StoredProposals":
        """Map a file, without reading its rows.

        Args:
            path: as `proposals_writer` or `frcnn propose` wrote it.

        Returns:
            Its proposals.

        Raises:
            DataError: no file can be read there (RC250), it is damaged or another kind of file
                (RC251), or from a newer version (RC252).
        """
        where = Path(path).absolute()
        with open_regular(where) as stream:
            size = os.fstat(stream.fileno()).st_size
            about, layout = layouts.read_header(stream, size, str(where))
            mapped = mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_READ)
        return cls(where, about, layout, mapped)

    def __len__(self) -> int:
        """Count the pictures."""
        return self._layout.pictures

    def __iter__(self) -> Iterator[PictureProposals]:
        """Give the proposals of each picture, in order."""
        return (self.of(picture) for picture in range(len(self)))

    def __reduce__(self) -> tuple[object, ...]:
        """Travel as a path: another process maps the file itself."""
        return StoredProposals.open, (self.path,)

    def __repr__(self) -> str:
        copies = ", mirrored too" if self.has_mirrored else ""
        return (
            f"StoredProposals({self.about.split}: {self.boxes} boxes in {len(self)} pictures"
            f"{copies})"
        )

    @property
    def boxes(self) -> int:
        """How many there are in all, mirrored ones among them."""
        return self._layout.rows

    @property
    def has_mirrored(self) -> bool:
        """Whether the first stage looked at the mirrored pictures, too."""
        return self._layout.copies > 1

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the pictures, in order."""
        start = self._layout.names
        text = self._mapped[start : start + self._layout.names_bytes]
        try:
            names = json.loads(text.decode())
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list) or not all(type(name) is str for name in names):
            raise damaged(str(self.path), "names that are no JSON list of texts")
        if len(names) != len(self):
            raise damaged(str(self.path), f"{len(names)} names of {len(self)} pictures")
        return tuple(names)

    def of(self, picture: int, *, mirrored: bool = False) -> PictureProposals:
        """Copy the proposals of one picture.

        Args:
            picture: its number in the split.
            mirrored: those of the picture with left and right swapped. Where the first stage did
                not look at it, the picture's own proposals are mirrored.

        Returns:
            Boxes and scores; changing them changes nothing in the file.

        Raises:
            DataError: the file was cut short since it was opened (RC251).
            IndexError: there is no such picture.
        """
        number = operator.index(picture)
        if not 0 <= number < len(self):
            raise IndexError(f"picture {number} of {len(self)}")
        self._require_length()
        copies = self._layout.copies
        copy = number * copies + (mirrored and self.has_mirrored)
        # copied in one run, then parted: NumPy takes several times as long for some columns of it
        rows = self._rows[int(self._first[copy]) : int(self._first[copy + 1])].astype(np.float32)
        both = torch.from_numpy(rows)
        boxes, scores = both[:, :4].contiguous(), both[:, 4].contiguous()
        if mirrored and not self.has_mirrored:
            height, width = self._sizes[number].tolist()
            boxes = mirror(boxes, Size(height, width))
        return PictureProposals(boxes, scores)

    def require_pictures_of(self, split: Split, missing: float = 0) -> None:
        """Refuse proposals of other pictures, before these are decoded; no box is looked at.

        Args:
            split: the pictures that they are wanted for.
            missing: how many of them may be without proposals, because it may turn out that they
                cannot be read.

        Raises:
            DataError: they are of other pictures (RC253).
        """
        if self.about.fingerprint == split.picture_fingerprint:
            return
        known = set(self.names)
        few = split.subset(row for row, r in enumerate(split.records) if r.name in known)
        is_enough = len(few) == len(self) and len(split) - len(few) <= missing
        if not is_enough or self.about.fingerprint != few.picture_fingerprint:
            wanted = few if is_enough else split
            require_pictures(self.names, self._sizes, wanted, str(self.path))

    def require_fit(self, split: Split) -> None:
        """Refuse, before any training, proposals of other pictures and such as are no boxes.

        Args:
            split: the pictures that they are wanted for.

        Raises:
            DataError: they are of other pictures (RC253), or one is outside its picture, inverted
                or not finite (RC254).
        """
        self.require_pictures_of(split)
        if len(self) != len(split):
            raise damaged(str(self.path), f"{len(self)} pictures with the mark of {len(split)}")
        self._require_length()
        require_sound(self._rows, self._first, self._sizes, self.names, str(self.path))

    def _array(self, dtype: np.dtype[Any], start: int, count: int) -> np.ndarray:
        return np.frombuffer(self._mapped, dtype, count, start)

    def _require_whole(self) -> None:
        ends = int(self._first[0]), int(self._first[-1])
        if ends != (0, len(self._rows)) or (self._first[1:] < self._first[:-1]).any():
            raise damaged(str(self.path), "rows that are not shared out among the pictures")
        if (self._sizes < 1).any():
            raise damaged(str(self.path), "a picture without pixels")
        _ = self.names

    def _require_length(self) -> None:
        """Look before the touch: a page that is no longer in the file would end the process."""
        if (size := self._mapped.size()) < self._end:
            raise damaged(str(self.path), f"{size} bytes, {self._end} when it was opened")


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, and nothing that would block or never end.

    Args:
        path: a file with proposals, of ours or of others.

    Returns:
        The open file; the caller closes it.

    Raises:
        DataError: there is no such file, it may not be read, or it is a folder, a pipe or a
            device (RC250).
    """
    return files.open_regular(path, lambda reason: _unreadable(path, reason))


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(
        "RC250",
        str(path),
        "no stored proposals can be read here",
        got=reason,
        want="a file of proposals",
        fix="check the path, or make the file: frcnn propose RUN --data DIR --out FILE",
    )
