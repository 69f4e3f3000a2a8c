"""A data set's values: what is known of a picture before it is read, and the picture itself.

A `Split` holds records and reads a picture when it is asked for one, in whatever process asks:
records travel between processes. G true boxes, H x W pixels.
"""

import hashlib
import operator
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, overload

import numpy as np
import torch
from torch import Tensor

from frcnn.data.box_notes import BoxNotes
from frcnn.data.changed_files import changed, unlike_its_checksum
from frcnn.ops import pictures
from frcnn.ops.picture_header import open_regular
from frcnn.ops.picture_parts import Enough, whole
from frcnn.types import Size, Target


class Stamp(NamedTuple):
    """By what a changed file is known."""

    bytes: int
    modified_ns: int


UNOPENED = Stamp(0, 0)
"""Of a file that was not looked at."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """A picture that is not read yet, and its true boxes."""

    name: str
    """File name without its ending."""
    path: Path
    size: Size
    """Of the upright picture, from its header."""
    target: Target
    """In pixels of the upright original picture."""
    stamp: Stamp
    """Of the file when the data set was opened."""
    sha256: str = ""
    """From a SHA256SUMS file beside the data; empty when there is none."""
    file_id: int | str = ""
    """What the annotation file calls the picture; empty where it has no such id."""
    notes: BoxNotes | None = None
    """[G] areas and ids of the boxes, where the annotation file has them."""

    def __reduce__(self) -> tuple[object, ...]:
        """Travel as plain arrays: tensors would take one open file each on their way."""
        target = self.target
        arrays = (target.boxes.numpy(), target.labels.numpy(), target.difficult.numpy())
        known = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "target"}
        return _rebuild, (arrays, known)


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """A picture and its true boxes."""

    name: str
    """File name without its ending."""
    path: Path
    picture: Tensor
    """[3, H, W] uint8, RGB, upright; of a JPEG maybe a half, a quarter or an eighth of the rows
    and columns, where that was enough."""
    target: Target
    """In pixels of the whole picture."""
    size: Size
    """Of the whole picture."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Split(Sequence[Sample]):
    """Pictures in a fixed order."""

    name: str
    """Such as "train"."""
    classes: tuple[str, ...]
    """Names of class ids 0 ... C-1."""
    records: tuple[Record, ...]
    """In the order of the list, or of file names where there is no list."""
    category_ids: tuple[int | str, ...] = ()
    """What a COCO file calls the classes; empty where the data has names alone."""

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> "Split": ...

    def __getitem__(self, index: int | slice) -> "Sample | Split":
        """Read one picture now, or choose a part of the split.

        Args:
            index: of the picture; a slice reads nothing.

        Returns:
            The picture with its boxes; for a slice the part of the split.

        Errors are PictureError RC101 ... RC110: the file is unreadable, damaged, or no longer
        what it was when the data set was opened.
        """
        if isinstance(index, slice):
            return replace(self, records=self.records[index])
        return self.read(operator.index(index))

    def read(self, index: int, enough: Enough = whole) -> Sample:
        """Read one picture now, as much of it as is needed.

        Args:
            index: of the picture.
            enough: which size of it suffices, as `pictures.decode` asks.

        Returns:
            The picture with its boxes; errors as above.
        """
        return read_sample(self.records[index], enough)

    def subset(self, indices: Iterable[int]) -> "Split":
        """Choose pictures.

        Args:
            indices: which, in the order wanted.

        Returns:
            A split of the same name.
        """
        return replace(self, records=tuple(self.records[i] for i in indices))

    def in_common(self, other: "Split") -> int:
        """Count the pictures that another split has, too.

        Args:
            other: of the same data set.

        Returns:
            How many files are in both.
        """
        paths = {record.path for record in other.records}
        return sum(record.path in paths for record in self.records)

    @property
    def boxes_per_class(self) -> dict[str, int]:
        """How many boxes each class has, difficult ones among them."""
        counts = Counter(label for r in self.records for label in r.target.labels.tolist())
        return {name: counts[i] for i, name in enumerate(self.classes)}

    @property
    def objects_per_class(self) -> dict[str, int]:
        """How many boxes each class has to learn from: difficult ones and crowds are none."""
        targets = [record.target for record in self.records]
        none = torch.zeros(0, dtype=torch.int64)
        labels = torch.cat([none, *(target.labels for target in targets)])
        difficult = torch.cat([none.bool(), *(target.difficult for target in targets)])
        counts = torch.bincount(labels[~difficult], minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, counts, strict=True))

    @property
    def without_objects(self) -> int:
        """How many pictures have no box: they teach what is background."""
        return sum(len(record.target.boxes) == 0 for record in self.records)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal, of everything that training would see, but for the pixels.

        Class names, and for each picture its name, size, bytes, boxes, labels and flags.
        """
        digest = hashlib.sha256(repr(self.classes).encode())
        for r in self.records:
            line = (r.name, tuple(r.size), r.stamp.bytes, len(r.target.boxes))
            digest.update(ascii(line).encode())
            for values in (r.target.boxes, r.target.labels, r.target.difficult):
                digest.update(values.numpy().tobytes())
        return digest.hexdigest()

    @cached_property
    def picture_fingerprint(self) -> str:
        """SHA-256, hexadecimal, of which pictures these are: names, sizes, bytes and order.

        Their boxes and classes are not in it: proposals do not depend on them.
        """
        digest = hashlib.sha256()
        for r in self.records:
            digest.update(ascii((r.name, tuple(r.size), r.stamp.bytes)).encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        boxes = sum(self.boxes_per_class.values())
        return (
            f"Split({self.name}: {len(self)} pictures, {self.without_objects} without objects, "
            f"{boxes} boxes of {len(self.classes)} classes)"
        )


def read_sample(record: Record, enough: Enough = whole) -> Sample:
    """Read a record's picture and make it a sample; errors as `decode_record`.

    Args:
        record: which.
        enough: which size of it suffices, as `pictures.decode` asks.

    Returns:
        The picture with its boxes.
    """
    picture = pictures.to_tensor(decode_record(record, enough).pixels)
    return Sample(
        name=record.name,
        path=record.path,
        picture=picture,
        target=record.target,
        size=record.size,
    )


def decode_record(record: Record, enough: Enough = whole) -> pictures.Decoded:
    """Decode a record's picture, if the file is still the one that was opened.

    Args:
        record: which.
        enough: which size of it suffices, as `pictures.decode` asks.

    Returns:
        The picture, with remarks.

    Raises:
        PictureError: it cannot be read (RC101 ... RC108), has changed since (RC109), or differs
            from its checksum (RC110).
    """
    with open_regular(record.path) as file:
        stamp = stamp_of(file)
        data = file.read() if record.sha256 else b""
    if stamp != record.stamp:
        raise changed(record.path, stamp.bytes, record.stamp.bytes)
    if record.sha256 and hashlib.sha256(data).hexdigest() != record.sha256:
        raise unlike_its_checksum(record.path, record.sha256)
    # what was hashed is what is decoded: the file may change between two readings
    source = data if record.sha256 else record.path
    return pictures.decode(source, path=record.path, enough=enough)


def stamp_of(file: BinaryIO) -> Stamp:
    """Look at an open file's length and time.

    Args:
        file: open for reading.

    Returns:
        What tells it from a changed one.
    """
    status = os.fstat(file.fileno())
    return Stamp(status.st_size, status.st_mtime_ns)


def _rebuild(arrays: tuple[np.ndarray, np.ndarray, np.ndarray], known: dict[str, Any]) -> Record:
    boxes, labels, difficult = (torch.from_numpy(values) for values in arrays)
    return Record(target=Target(boxes=boxes, labels=labels, difficult=difficult), **known)
