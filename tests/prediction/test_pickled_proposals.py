"""Proposals as a pickle of arrays: the authors' form and Detectron's, written and taken over."""

import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from frcnn.data.proposals import PictureProposals, StoredProposals
from frcnn.data.records import Record, Split, Stamp
from frcnn.errors import DataError
from frcnn.prediction.pickled_proposals import (
    Taken,
    require_pickled_of,
    store_pickled,
    write_pickled,
)
from frcnn.types import Size, Target

FOUND = (
    PictureProposals(torch.tensor([[0.0, 0, 60, 40], [1.5, 2, 30, 40]]), torch.tensor([3.0, -1])),
    PictureProposals(torch.zeros(0, 4), torch.zeros(0)),
    PictureProposals(torch.tensor([[0.0, 0, 20, 30]]), torch.tensor([0.5])),
)
ARRAYS = [
    np.array([[0, 0, 59, 39], [0.5, 1, 29, 39]], np.float32),
    np.zeros((0, 4), np.float32),
    np.array([[0, 0, 19, 29]], np.float32),
]
SCORES = [np.array([0.9, 0.1], np.float32), np.zeros(0, np.float32), np.array([0.5], np.float32)]


@pytest.fixture
def three() -> Split:
    sizes = {"000012": Size(40, 60), "000007": Size(10, 10), "000100": Size(30, 20)}
    records = tuple(
        Record(name=name, path=Path(name), size=size, target=Target.empty(), stamp=Stamp(1, 0))
        for name, size in sizes.items()
    )
    return Split(name="trainval", classes=("cat",), records=records)


def take(
    folder: Path, split: Split, content: object, protocol: int = 2
) -> tuple[Taken, StoredProposals]:
    """Pickle, take over, open."""
    (folder / "p.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
    taken = store_pickled(folder / "p.pkl", split, folder / "p")
    stored = StoredProposals.open(folder / "p")
    stored.require_fit(split)
    return taken, stored


# golden


def test_golden_boxes_hold_their_last_pixels(tmp_path: Path) -> None:
    assert write_pickled(tmp_path / "p.pkl", iter(FOUND)) == 3
    found = pickle.loads((tmp_path / "p.pkl").read_bytes())
    assert [array.tolist() for array in found] == [
        [[0, 0, 59, 39], [1.5, 2, 29, 39]],
        [],
        [[0, 0, 19, 29]],
    ]
    assert {(array.dtype, array.shape[1]) for array in found} == {(np.dtype(np.float32), 4)}


def test_golden_taken_over_they_are_ours_again(tmp_path: Path, three: Split) -> None:
    taken, stored = take(tmp_path, three, ARRAYS)
    assert (taken.pictures, taken.boxes, taken.clipped) == (3, 3, 0)
    assert stored.of(0).boxes.tolist() == [[0, 0, 60, 40], [0.5, 1, 30, 40]]
    assert stored.of(0).scores.tolist() == [0, -1]
    assert stored.about.maker == {"pickle": "p.pkl", "scores": "minus the row"}
    assert str(taken).startswith("3 boxes in 3 pictures, 0 of them clipped")


def test_written_and_taken_over_nothing_is_lost_but_the_scores(
    tmp_path: Path, three: Split
) -> None:
    write_pickled(tmp_path / "p.pkl", FOUND)
    store_pickled(tmp_path / "p.pkl", three, tmp_path / "p")
    for got, want in zip(StoredProposals.open(tmp_path / "p"), FOUND, strict=True):
        torch.testing.assert_close(got.boxes, want.boxes)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_golden_detectrons_form_names_its_pictures(
    tmp_path: Path, three: Split, protocol: int
) -> None:
    for name, ids in (
        ("ids", [100, 12, 7]),
        ("indexes", ["100", "12", "007"]),
        ("ids", np.array([100, 12, 7])),
        ("ids", list(np.array([100, 12, 7]))),
    ):
        order = (2, 0, 1)
        content = {
            "boxes": [ARRAYS[n].astype(np.float64) for n in order],
            "scores": [SCORES[n] for n in order],
            name: ids,
            "cfg": "text\n" * 99,
        }
        taken, stored = take(tmp_path, three, content, protocol)
        assert taken.boxes == 3
        assert stored.of(0).boxes.tolist() == [[0, 0, 60, 40], [0.5, 1, 30, 40]]
        assert stored.of(2).scores.tolist() == [0.5]
        torch.testing.assert_close(stored.of(0).scores, torch.tensor([0.9, 0.1]))
        assert stored.about.maker["scores"] == "of the pickle"


def test_a_mapping_without_ids_is_in_the_order_of_the_split(tmp_path: Path, three: Split) -> None:
    _, stored = take(tmp_path, three, {"boxes": ARRAYS, "scores": SCORES})
    assert len(stored.of(2).boxes) == 1


def test_a_border_that_was_rounded_is_clipped_and_counted(tmp_path: Path, three: Split) -> None:
    """A picture that was enlarged has its last pixel a fraction further out."""
    arrays = [ARRAYS[0] + np.float32([0, 0, 0.4, 0.9]), ARRAYS[1], ARRAYS[2]]
    taken, stored = take(tmp_path, three, arrays)
    assert taken.clipped == 2
    assert stored.of(0).boxes[0].tolist() == [0, 0, 60, 40]


# nothing in


def test_no_pictures(tmp_path: Path, three: Split) -> None:
    assert write_pickled(tmp_path / "p.pkl", []) == 0
    assert store_pickled(tmp_path / "p.pkl", three[:0], tmp_path / "p").boxes == 0


# wrong in


class Runs:
    """Pickles into a command."""

    def __reduce__(self) -> tuple[Any, Any]:
        return os.mkdir, ("PWNED",)


def refused(folder: Path, split: Split, content: object) -> DataError:
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(DataError) as caught:
        take(folder, split, content)
    assert {path.name for path in folder.iterdir()} - before <= {"p.pkl"}, "nothing is written"
    assert caught.value.place.startswith(str(folder / "p"))
    return caught.value


def test_a_pickle_that_holds_a_command(
    tmp_path: Path, three: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused(tmp_path, three, [*ARRAYS[:2], Runs()])
    assert error.code == "RC255"
    assert "posix.mkdir" in error.got


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (7, "a int"),
        ("text", "a str"),
        ({"a": 1}, "a NoneType"),
        ({"boxes": ARRAYS}, "a NoneType"),
        ([*ARRAYS[:2], 3], "a int for picture 2"),
        ([*ARRAYS[:2], []], "a list for picture 2"),
        ([*ARRAYS[:2], np.zeros((2, 5), np.float32)], "[2, 5] float32 for picture 2"),
        ([*ARRAYS[:2], np.zeros(4, np.float32)], "[4] float32 for picture 2"),
        ([*ARRAYS[:2], np.zeros((2, 4), np.int64)], "[2, 4] int64 for picture 2"),
        ({"boxes": ARRAYS, "scores": [SCORES[0]] * 3}, "(0, 4) boxes, (2,) scores"),
        ([np.zeros((1000, 4), np.float32)] * 3, "arrays of 48000 bytes in a file"),
    ],
)
def test_arrays_of_another_form(tmp_path: Path, three: Split, content: object, got: str) -> None:
    error = refused(tmp_path, three, content)
    assert error.code == "RC256"
    assert got in error.got


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (ARRAYS[:2], "2 arrays of boxes"),
        ([*ARRAYS, ARRAYS[0]], "4 arrays of boxes"),
        ({"boxes": ARRAYS, "scores": SCORES[:2]}, "3 arrays of boxes, 2 of scores"),
        ({"boxes": ARRAYS, "scores": SCORES, "ids": [12, 7, 101]}, "3 ids such as 12, 7, 101"),
        ({"boxes": ARRAYS, "scores": SCORES, "ids": [12, 7, 7]}, "3 ids such as 12, 7, 7"),
        ({"boxes": ARRAYS, "scores": SCORES, "ids": [12, 7]}, "2 ids such as"),
        ({"boxes": ARRAYS, "scores": SCORES, "ids": [[[12]], 7, "x" * 90]}, "list, 7, xxx"),
        ({"boxes": ARRAYS, "scores": SCORES, "ids": "12"}, "0 ids"),
    ],
)
def test_arrays_of_other_pictures(tmp_path: Path, three: Split, content: object, got: str) -> None:
    error = refused(tmp_path, three, content)
    assert error.code == "RC253"
    assert got in error.got


def test_a_pickle_is_known_before_it_is_known_which_pictures_can_be_read(
    tmp_path: Path, three: Split
) -> None:
    path = tmp_path / "p.pkl"
    for content, missing, code in (
        (ARRAYS, 0, None),
        ({"boxes": ARRAYS, "scores": SCORES}, 0, None),
        (ARRAYS[:2], 1, None),
        (ARRAYS[:2], 0.9, "RC253"),
        ([*ARRAYS, ARRAYS[0]], 3, "RC253"),
        ({"scores": SCORES}, 0, "RC256"),
        ([*ARRAYS[:2], Runs()], 0, "RC255"),
    ):
        path.write_bytes(pickle.dumps(content, protocol=2))
        if code is None:
            require_pickled_of(path, three, missing)
            continue
        with pytest.raises(DataError, match=f"{code}.*p.pkl: "):
            require_pickled_of(path, three, missing)


def test_names_without_numbers_have_no_ids(tmp_path: Path, three: Split) -> None:
    records = (replace(three.records[0], name="cat"), *three.records[1:])
    content = {"boxes": ARRAYS, "scores": SCORES, "ids": [12, 7, 100]}
    error = refused(tmp_path, replace(three, records=records), content)
    assert (error.code, error.want) == ("RC253", "the numbers at the end of cat, 000007, 000100")


@pytest.mark.parametrize("value", [np.nan, -2.5, 60.5, 1e30])
def test_boxes_that_are_none(tmp_path: Path, three: Split, value: float) -> None:
    arrays = [ARRAYS[0].copy(), *ARRAYS[1:]]
    arrays[0][1, 2] = value
    error = refused(tmp_path, three, arrays)
    assert (error.code, error.place) == ("RC254", str(tmp_path / "p.pkl"))
    assert error.got == f"000012, row 1: (0.5, 1, {value:g}, 39)", "as it stands in the pickle"
    assert "x2 <= 59, 0 <= y1, y1 - 1 <= y2 <= 39" in error.want
    assert "frcnn propose" not in error.fix


def test_scores_that_are_none(tmp_path: Path, three: Split) -> None:
    scores = [*SCORES[:2], np.array([np.inf], np.float32)]
    error = refused(tmp_path, three, {"boxes": ARRAYS, "scores": scores})
    assert error.code == "RC254"
    assert error.got == "000100, row 0: (0, 0, 19, 29), score inf"


def test_no_pickle_there(tmp_path: Path, three: Split) -> None:
    with pytest.raises(DataError, match="RC250"):
        store_pickled(tmp_path / "p.pkl", three, tmp_path / "p")
