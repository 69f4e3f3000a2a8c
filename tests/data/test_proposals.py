"""Stored proposals, read: what was written comes back, and no damaged file is taken for whole."""

import os
import pickle
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from frcnn.data import proposals_layout as layouts
from frcnn.data.proposals import PictureProposals, StoredProposals
from frcnn.data.proposals_writer import write_proposals
from frcnn.data.records import Split, Stamp
from frcnn.errors import DataError
from frcnn.ops.boxes import mirror
from frcnn.types import Size

FOUND = (
    PictureProposals(torch.tensor([[0.0, 0, 60, 40], [1.5, 2, 30, 40]]), torch.tensor([3.0, -1.0])),
    PictureProposals(torch.tensor([[10.0, 20, 40, 60]]), torch.tensor([0.5])),
    PictureProposals(torch.zeros(0, 4), torch.zeros(0)),
    PictureProposals(torch.tensor([[0.25, 0, 0.75, 1]]), torch.tensor([7.0])),
)
MIRRORED = tuple(PictureProposals(found.boxes / 2, found.scores + 1) for found in FOUND)
TWICE = tuple(found for pair in zip(FOUND, MIRRORED, strict=True) for found in pair)


@pytest.fixture
def path(tmp_path: Path, album: Split) -> Path:
    write_proposals(tmp_path / "found.safetensors", album, FOUND, maker={"run": "screws-001"})
    return tmp_path / "found.safetensors"


def same(one: PictureProposals, other: PictureProposals) -> bool:
    return torch.equal(one.boxes, other.boxes) and torch.equal(one.scores, other.scores)


def test_golden_what_was_written_comes_back(path: Path, album: Split) -> None:
    stored = StoredProposals.open(path)
    assert len(stored) == 4
    assert stored.boxes == 4
    assert stored.names == ("a", "b", "ü", "d")
    assert stored.about.split == "train"
    assert stored.about.maker == {"run": "screws-001"}
    assert not stored.has_mirrored
    assert all(same(*pair) for pair in zip(stored, FOUND, strict=True))
    assert repr(stored) == "StoredProposals(train: 4 boxes in 4 pictures)"
    stored.require_fit(album)


def test_golden_boxes_are_mirrored_where_the_mirrored_picture_was_not_looked_at(
    path: Path, album: Split
) -> None:
    stored = StoredProposals.open(path)
    assert stored.of(0, mirrored=True).boxes.tolist() == [[0, 0, 60, 40], [30, 2, 58.5, 40]]
    for number, record in enumerate(album.records):
        found, turned = stored.of(number), stored.of(number, mirrored=True)
        assert torch.equal(turned.boxes, mirror(found.boxes, record.size))
        assert torch.equal(turned.scores, found.scores)


def test_two_copies_are_told_apart(tmp_path: Path, album: Split) -> None:
    assert write_proposals(tmp_path / "two", album, TWICE, copies=2) == 8
    stored = StoredProposals.open(tmp_path / "two")
    assert stored.has_mirrored
    assert "mirrored too" in repr(stored)
    stored.require_fit(album)
    for number in range(4):
        assert same(stored.of(number), FOUND[number])
        assert same(stored.of(number, mirrored=True), MIRRORED[number])


def test_another_writer_of_the_format_orders_the_arrays_anew(
    path: Path, album: Split, tmp_path: Path
) -> None:
    with safe_open(path, "pt") as opened:
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        save_file(arrays, tmp_path / "again", metadata=opened.metadata())
    assert (tmp_path / "again").read_bytes() != path.read_bytes()
    stored = StoredProposals.open(tmp_path / "again")
    stored.require_fit(album)
    assert stored.names == StoredProposals.open(path).names
    assert all(same(*pair) for pair in zip(stored, FOUND, strict=True))


@pytest.mark.parametrize("spaces", [0, 1, 4])
@pytest.mark.parametrize("order", [("proposals", "first", "sizes", "names"), layouts.ORDER[::-1]])
def test_no_array_need_stand_at_a_multiple_of_its_numbers(
    tmp_path: Path, path: Path, album: Split, order: tuple[str, ...], spaces: int
) -> None:
    data = path.read_bytes()
    with path.open("rb") as stream:
        about, ours = layouts.read_header(stream, len(data), "p")
    other = replace(ours, order=order)
    header = layouts.make_header(about, other)
    text = header[8:].rstrip() + b" " * spaces
    parts = {name: (getattr(ours, name), ours.tensors()[name]["data_offsets"]) for name in order}
    arrays = [data[start : start + high - low] for start, (low, high) in parts.values()]
    whole = len(text).to_bytes(8, "little") + text + b"".join(arrays)
    (tmp_path / "other").write_bytes(whole)
    stored = StoredProposals.open(tmp_path / "other")
    stored.require_fit(album)
    assert all(same(*pair) for pair in zip(stored, FOUND, strict=True))


def test_what_is_given_out_is_a_copy(path: Path) -> None:
    stored, before = StoredProposals.open(path), path.read_bytes()
    for mirrored in (False, True):
        found = stored.of(0, mirrored=mirrored)
        assert found.boxes.is_contiguous()
        assert found.boxes.dtype == found.scores.dtype == torch.float32
        found.boxes.zero_()
        found.scores.zero_()
    assert same(stored.of(0), FOUND[0])
    assert path.read_bytes() == before


def test_another_process_maps_the_file_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(path.parent)
    sent = pickle.dumps(StoredProposals.open(path.name))
    assert len(sent) < 500
    monkeypatch.chdir(tmp_path.parent)
    assert same(pickle.loads(sent).of(0), FOUND[0])


def test_a_file_that_is_replaced_stays_as_it_was_opened(path: Path, album: Split) -> None:
    stored = StoredProposals.open(path)
    write_proposals(path, album, MIRRORED)
    assert same(stored.of(0), FOUND[0])
    assert same(StoredProposals.open(path).of(0), MIRRORED[0])


def test_numbers_of_any_whole_kind(path: Path) -> None:
    stored = StoredProposals.open(path)
    assert same(stored.of(torch.tensor(1)), FOUND[1])  # type: ignore[arg-type]
    for wrong in (4, -1):
        with pytest.raises(IndexError, match="of 4"):
            stored.of(wrong)


def test_nothing_in(tmp_path: Path, album: Split) -> None:
    write_proposals(tmp_path / "none", album[:0], [])
    stored = StoredProposals.open(tmp_path / "none")
    assert (len(stored), stored.boxes, stored.names, list(stored)) == (0, 0, (), [])
    stored.require_fit(album[:0])


def changed(split: Split, number: int, **values: object) -> Split:
    """The split with another value in one of its records."""
    records = list(split.records)
    records[number] = replace(records[number], **values)  # type: ignore[arg-type]
    return replace(split, records=tuple(records))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s: s[:3], "got 4 pictures, with d, want the 3 of split train"),
        (lambda s: s.subset([0, 2]), "got 4 pictures, with b and 1 others, want the 2"),
        (lambda s: s.subset([0, 1, 2, 3, 0]), "got 4 pictures, want the 5"),
        (lambda s: s.subset([0, 2, 1, 3]), "got b as picture 1, want ü, in the split's order"),
        (lambda s: changed(s, 3, name="e"), "got 4 pictures, without e, with d, want the 4"),
        (lambda s: changed(s, 0, size=Size(60, 40)), "got a of 60 x 40 pixels, want 40 x 60"),
        (lambda s: changed(s, 0, stamp=Stamp(7, 0)), "of the same names, but other files"),
    ],
)
def test_proposals_of_other_pictures(
    path: Path, album: Split, change: Callable[[Split], Split], text: str
) -> None:
    with pytest.raises(DataError, match=r"RC253.*found\.safetensors") as caught:
        StoredProposals.open(path).require_fit(change(album))
    assert text in str(caught.value)
    assert "frcnn propose" in caught.value.fix


def test_pictures_are_told_apart_before_it_is_known_which_of_them_can_be_read(
    path: Path, album: Split
) -> None:
    stored = StoredProposals.open(path)
    stored.require_pictures_of(album)
    more = album.subset([0, 1, 2, 3])
    extra = replace(more.records[0], name="e")
    more = replace(more, records=(more.records[0], extra, *more.records[1:]))
    stored.require_pictures_of(more, missing=1)
    for split, missing, text in (
        (more, 0.9, "got 4 pictures, without e, want the 5 of split train"),
        (changed(more, 4, size=Size(9, 9)), 1, "want 9 x 9"),
        (album[:3], 1, "got 4 pictures, with d, want the 3"),
        (album.subset([0, 2, 1, 3]), 1, "in the split's order"),
    ):
        with pytest.raises(DataError, match=r"RC253") as caught:
            stored.require_pictures_of(split, missing)
        assert text in str(caught.value)


def test_other_boxes_and_classes_are_no_other_pictures(path: Path, album: Split) -> None:
    StoredProposals.open(path).require_fit(replace(album, classes=("dog", "cat"), name="val"))


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (0, np.nan, r"a, row 1: \(nan, 2, 30, 40\), score -1"),
        (2, np.inf, r"\(1.5, 2, inf, 40\)"),
        (2, 60.25, r"\(1.5, 2, 60.25, 40\).*want 0 <= x1 <= x2 <= 60, 0 <= y1 <= y2 <= 40"),
        (1, -0.5, r"\(1.5, -0.5, 30, 40\)"),
        (2, 1.0, r"\(1.5, 2, 1, 40\)"),
        (3, 1.0, r"\(1.5, 2, 30, 1\)"),
        (4, np.nan, r"\(1.5, 2, 30, 40\), score nan"),
        (4, -np.inf, "score -inf"),
    ],
)
def test_a_proposal_that_is_no_box_in_its_picture(
    path: Path, album: Split, column: int, value: float, text: str
) -> None:
    stored = StoredProposals.open(path)
    place = path.stat().st_size - 20 * (stored.boxes - 1) + 4 * column
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(np.float32(value).tobytes())
    with pytest.raises(DataError, match=rf"RC254.*{text}"):
        StoredProposals.open(path).require_fit(album)


@pytest.mark.parametrize("what", ["missing", "folder", "pipe", "nul"])
def test_no_file(tmp_path: Path, what: str) -> None:
    place = tmp_path / what
    if what == "folder":
        place.mkdir()
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "nul":
        place = tmp_path / "a\0b"
    with pytest.raises(DataError, match=r"RC250.*\n  fix: check the path"):
        StoredProposals.open(place)


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, -1])
def test_a_file_that_was_cut(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="RC251"):
        StoredProposals.open(path)


def test_a_file_that_is_cut_while_it_is_open(path: Path, album: Split) -> None:
    """Touching a page behind the end of a mapped file would kill the process."""
    stored = StoredProposals.open(path)
    with path.open("r+b") as stream:
        stream.truncate(10)
    for use in (lambda: stored.of(3), lambda: stored.require_fit(album)):
        with pytest.raises(DataError, match=r"RC251.*got 10 bytes, \d+ when it was opened"):
            use()


def opened(path: Path, split: Split) -> StoredProposals | None:
    """The proposals, or None where they are refused; nothing else may be raised."""
    try:
        stored = StoredProposals.open(path)
        stored.require_fit(split)
    except DataError:
        return None
    return stored


def test_no_flipped_byte_and_no_cut_crashes_or_reads_outside(path: Path, album: Split) -> None:
    whole, draw = path.read_bytes(), random.Random(0)
    refused = 0
    for trial in range(400):
        data = bytearray(whole)
        place = draw.randrange(len(data))
        if trial % 4 == 0:
            del data[place:]
        else:
            data[place] ^= draw.randrange(1, 256)
        path.write_bytes(data)
        stored = opened(path, album)
        if stored is None:
            refused += 1
            continue
        rows = sum(len(stored.of(n, mirrored=m).boxes) for n in range(4) for m in (False, True))
        assert rows == 2 * stored.boxes == 8
    assert refused > 200


def test_files_of_another_kind(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(3)}, tmp_path / "weights")
    with pytest.raises(DataError, match=r"RC251.*without what describes stored proposals"):
        StoredProposals.open(tmp_path / "weights")
    shutil.copy(__file__, tmp_path / "text")
    with pytest.raises(DataError, match="RC251"):
        StoredProposals.open(tmp_path / "text")


def altered(path: Path, name: str, values: np.ndarray) -> None:
    """Write other numbers over one of the arrays."""
    layout = StoredProposals.open(path)._layout
    with path.open("r+b") as stream:
        stream.seek(getattr(layout, name))
        stream.write(values.tobytes())


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("first", np.array([0, 3, 2, 3, 4]), "not shared out"),
        ("first", np.array([1, 2, 3, 3, 4]), "not shared out"),
        ("first", np.array([0, 2, 3, 3, 5]), "not shared out"),
        ("first", np.array([0, 2**62, 3, 3, 4]), "not shared out"),
        ("first", np.array([0, -1, 3, 3, 4]), "not shared out"),
        ("sizes", np.array([0, 60], np.int32), "a picture without pixels"),
        ("names", np.frombuffer(b'["a","b"]   ', np.uint8), "no JSON list|2 names of 4 pictures"),
        ("names", np.frombuffer(b'["a", 1,', np.uint8), "no JSON list"),
        ("names", np.frombuffer(b"[[[[[[[[", np.uint8), "no JSON list"),
    ],
)
def test_arrays_that_contradict_each_other(
    path: Path, name: str, values: np.ndarray, text: str
) -> None:
    altered(path, name, values)
    with pytest.raises(DataError, match=f"RC251.*({text})"):
        StoredProposals.open(path)
