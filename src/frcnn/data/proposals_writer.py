"""Writing stored proposals, picture by picture; `proposals_layout` has the form.

Letters: P proposals of a picture.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from frcnn import files
from frcnn.data import proposals_layout as layouts
from frcnn.data.proposal_checks import other_pictures, require_sound
from frcnn.data.proposals_layout import About, Layout
from frcnn.data.records import Split
from frcnn.errors import DataError


def write_proposals(
    path: Path,
    split: Split,
    found: Iterable[tuple[Tensor, Tensor]],
    *,
    maker: Mapping[str, Any] | None = None,
    copies: int = 1,
) -> int:
    """Write the proposals of a split as they come, whole or not at all.

    Args:
        path: the file; replaced when it is there.
        split: its pictures.
        found: for each picture boxes [P, 4] float, pixels of the original picture, and scores
            [P] float, best first; with two copies those of the mirrored picture follow.
        maker: what made them: weights, settings; JSON values.
        copies: 1 or 2.

    Returns:
        How many boxes there are.

    Raises:
        DataError: `found` is not as long as it should be (RC253), or a box is outside its
            picture, inverted or not finite (RC254); nothing is written then.
        DiskError: the disk is full, read-only, or otherwise in the way.
    """
    about = About(
        split=split.name,
        fingerprint=split.picture_fingerprint,
        copies=copies,
        maker=dict(maker or {}),
    )
    writing = _Writing(split, about, str(path))
    files.write_atomically(path, lambda stream: writing.write(stream, found))
    return int(writing.first[-1])


class _Writing:
    """A file on its way."""

    def __init__(self, split: Split, about: About, place: str) -> None:
        self.place, self.about = place, about
        self.names = [record.name for record in split.records]
        self.sizes = np.array([record.size for record in split.records], np.int32).reshape(-1, 2)
        self.first = np.zeros(len(split) * about.copies + 1, np.int64)

    def write(self, stream: BinaryIO, found: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Write what is known, then the rows, then header and `first` before them."""
        text = json.dumps(self.names, separators=(",", ":")).encode()
        text = text.ljust(-(-len(text) // 8) * 8)
        header_bytes = layouts.room_for_header(self.about, len(self.names), len(text))
        before = self._layout(header_bytes, len(text))
        stream.seek(before.sizes)
        stream.write(self.sizes.astype("<i4").tobytes())
        stream.write(text)
        self._write_rows(stream, found)
        files.reached("mid_write")
        stream.seek(0)
        stream.write(layouts.make_header(self.about, self._layout(header_bytes, len(text))))
        stream.write(self.first.astype("<i8").tobytes())

    def _write_rows(self, stream: BinaryIO, found: Iterable[tuple[Tensor, Tensor]]) -> None:
        copies = self.about.copies
        done = 0
        for boxes, scores in found:
            if done == len(self.first) - 1:
                raise self._not_as_many("more")
            rows = torch.cat((boxes, scores[:, None]), dim=1).float().numpy().astype("<f4")
            picture = slice(done // copies, done // copies + 1)
            own = np.array([0, len(rows)])
            require_sound(rows, own, self.sizes[picture], self.names[picture], self.place)
            stream.write(rows.tobytes())
            self.first[done + 1] = self.first[done] + len(rows)
            done += 1
        if done < len(self.first) - 1:
            raise self._not_as_many(f"{done}")

    def _layout(self, header_bytes: int, names_bytes: int) -> Layout:
        return Layout(
            header_bytes=header_bytes,
            pictures=len(self.names),
            copies=self.about.copies,
            names_bytes=names_bytes,
            rows=int(self.first[-1]),
        )

    def _not_as_many(self, got: str) -> DataError:
        want = f"{len(self.first) - 1}, {self.about.copies} for each picture of {self.about.split}"
        return other_pictures(self.place, f"proposals of {got} pictures", want)
