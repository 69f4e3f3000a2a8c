"""Result: what was found in one picture, chosen, shown, saved and converted."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from frcnn.draw import COLOURS
from frcnn.errors import ConfigError, DiskError, PictureError, ShapeError
from frcnn.ops import pictures
from frcnn.prediction.result import Result, text_of
from frcnn.types import Detections, Size

CLASSES = ("bolt", "nut")


@pytest.fixture
def found(make_photo: Callable[..., np.ndarray]) -> Result:
    """Three objects on a picture of 96 x 128 in memory."""
    detections = Detections(
        boxes=torch.tensor([[10.0, 20, 40.5, 60], [50, 5, 60, 15], [0, 0, 128, 96]]),
        scores=torch.tensor([0.9, 0.6, 0.3]),
        labels=torch.tensor([1, 0, 1]),
        proposals=torch.tensor([4, 2, 7]),
        probabilities=torch.tensor([[0.05, 0.9], [0.6, 0.1], [0.2, 0.3]]),
    )
    return Result(detections=detections, classes=CLASSES, size=Size(96, 128), pixels=make_photo(0))


@pytest.fixture
def nothing() -> Result:
    return Result(detections=Detections.empty(), classes=CLASSES, size=Size(10, 20))


# --- golden by hand


def test_golden_the_plain_values(found: Result) -> None:
    assert len(found) == 3
    assert found.names == ["nut", "bolt", "nut"]
    assert found.counts == {"nut": 2, "bolt": 1}
    assert found.area.tolist() == [30.5 * 40, 100, 128 * 96]
    assert found.boxes is found.detections.boxes
    assert found.scores is found.detections.scores
    assert found.labels is found.detections.labels
    assert found.probabilities is found.detections.probabilities


def test_repr(found: Result, nothing: Result) -> None:
    assert repr(found) == "3 objects: nut 2, bolt 1"
    assert repr(found[1]) == "1 object: bolt 1"
    assert repr(nothing) == "0 objects"


def test_golden_json(found: Result) -> None:
    answer = replace(found, path=Path("a b.jpg"), notes=("a note",))[:1].to_json()
    assert answer == {
        "path": "a b.jpg",
        "width": 128,
        "height": 96,
        "notes": ["a note"],
        "objects": [
            {
                "label": 1,
                "name": "nut",
                "score": 0.9,
                "box": [10.0, 20.0, 40.5, 60.0],
                "probabilities": {"bolt": 0.05, "nut": 0.9},
            }
        ],
    }


def test_golden_coco(found: Result) -> None:
    rows = found.to_coco()
    assert rows[0] == {
        "image_id": 0,
        "category_id": 1,
        "bbox": [10.0, 20.0, 30.5, 40.0],
        "score": 0.9,
    }
    assert replace(found, path=Path("x/a.1.jpg")).to_coco()[0]["image_id"] == "a.1"
    assert found.to_coco(image_id=17)[2]["image_id"] == 17


# --- choosing


@pytest.mark.parametrize(
    ("which", "scores"),
    [
        (0, [0.9]),
        (-1, [0.3]),
        (np.int64(1), [0.6]),
        (slice(None, None, -1), [0.3, 0.6, 0.9]),
        (slice(5, 9), []),
        ([2, 0], [0.3, 0.9]),
        (torch.tensor([1, 1]), [0.6, 0.6]),
        (np.array([-1, 0]), [0.3, 0.9]),
        ([True, False, True], [0.9, 0.3]),
        (torch.tensor([False, True, False]), [0.6]),
        (np.array([True, True, False]), [0.9, 0.6]),
        ([], []),
        (torch.zeros(0, dtype=torch.int64), []),
    ],
)
def test_choosing(found: Result, which, scores: list[float]) -> None:
    chosen = found[which]
    torch.testing.assert_close(chosen.scores, torch.tensor(scores))
    assert (
        len(chosen.boxes) == len(chosen.labels) == len(chosen.detections.proposals) == len(scores)
    )
    assert chosen.probabilities.shape == (len(scores), 2)
    assert chosen.size == found.size
    assert chosen.pixels is found.pixels


def test_choosing_by_values(found: Result) -> None:
    large = found[(found.scores > 0.2) & (found.area > 32**2)]
    assert large.names == ["nut", "nut"]
    assert len(found[found.scores > 2]) == 0


def test_choosing_without_proposals_and_probabilities(found: Result) -> None:
    plain = replace(found, detections=replace(found.detections, proposals=None, probabilities=None))
    assert plain[:2].detections.proposals is None
    assert plain[:2].probabilities is None
    assert "probabilities" not in plain.to_json()["objects"][0]


def test_going_through(found: Result) -> None:
    assert [one.names for one in found] == [["nut"], ["bolt"], ["nut"]]


@pytest.mark.parametrize("which", [3, -4, [0, 3], torch.tensor([-4])])
def test_rows_that_are_not_there(found: Result, which) -> None:
    with pytest.raises(IndexError):
        found[which]


@pytest.mark.parametrize(
    "which",
    [
        torch.tensor([True, False]),
        [True],
        torch.tensor([0.5]),
        torch.zeros(2, 2).long(),
        True,
        torch.tensor(1),
        torch.zeros(0),
    ],
)
def test_neither_rows_nor_mask(found: Result, which) -> None:
    with pytest.raises(ShapeError, match="mask of 3") as caught:
        found[which]
    assert caught.value.code == "RC390"


# --- the picture


def test_saved_as_it_is_plotted(found: Result, tmp_path: Path) -> None:
    kept = found.pixels.copy()
    assert found.save(tmp_path / "out.png") == tmp_path / "out.png"
    saved = np.asarray(Image.open(tmp_path / "out.png"))
    np.testing.assert_array_equal(saved, found.plotted())
    assert (saved != kept).any()
    np.testing.assert_array_equal(found.pixels, kept)


def test_classes_of_one_picture_differ_in_colour(found: Result) -> None:
    far = replace(found.detections, labels=torch.tensor([0, 20, 1]), probabilities=None)
    drawn = replace(found, detections=far, classes=tuple(map(str, range(21)))).plotted()
    for place in (0, 1, 2):
        assert (drawn == COLOURS[place]).all(axis=2).any()


def test_the_picture_is_read_from_its_file_when_needed(found: Result, tmp_path: Path) -> None:
    Image.fromarray(found.pixels).save(tmp_path / "in.png")
    from_file = replace(found, pixels=None, path=tmp_path / "in.png")
    np.testing.assert_array_equal(from_file.plotted(), found.plotted())
    assert from_file.pixels is None


def test_notebooks_show_the_picture(found: Result, nothing: Result, tmp_path: Path) -> None:
    data = found._repr_png_()
    assert data is not None
    np.testing.assert_array_equal(pictures.decode(data).pixels, found.plotted())
    assert nothing._repr_png_() is None
    assert replace(nothing, path=tmp_path / "gone.png")._repr_png_() is None


def test_a_picture_without_objects_is_saved_unchanged(found: Result, tmp_path: Path) -> None:
    found[[]].save(tmp_path / "out.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), found.pixels)


def test_no_picture_is_known(nothing: Result) -> None:
    with pytest.raises(PictureError, match="RC111"):
        nothing.plotted()


def test_the_picture_changed(nothing: Result, tmp_path: Path) -> None:
    Image.new("RGB", (20, 11)).save(tmp_path / "in.png")
    with pytest.raises(PictureError, match=r"RC112.*got 20 x 11, want 20 x 10"):
        replace(nothing, path=tmp_path / "in.png").picture()


def test_the_picture_itself_is_never_overwritten(found: Result, tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    Image.fromarray(found.pixels).save(path)
    before = path.read_bytes()
    (tmp_path / "link.png").symlink_to(path)
    for target in (path, tmp_path / "link.png", tmp_path / ".." / tmp_path.name / "in.png"):
        with pytest.raises(ConfigError, match="RC384") as caught:
            replace(found, path=path).save(target)
        assert "-found.png" in caught.value.fix
    assert path.read_bytes() == before


def test_nothing_is_written_where_it_cannot_be(found: Result, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RC383"):
        found.save(tmp_path / "out.gif")
    with pytest.raises(DiskError):
        found.save(tmp_path / "none" / "out.png")
    assert not list(tmp_path.iterdir())


# --- plain values


def test_json_is_strict_and_exact(found: Result) -> None:
    odd = torch.tensor([[0.1, 1 / 3, 33.333332, 1e-7], [-0.0, 0, 5, 5], [0, 0, 1, 1]])
    result = replace(found, detections=replace(found.detections, boxes=odd))
    text = json.dumps(result.to_json(), allow_nan=False)
    assert "-0.0" not in text
    assert "33.333332" in text
    boxes = [item["box"] for item in json.loads(text)["objects"]]
    assert torch.equal(torch.tensor(boxes), odd)


def test_nothing_found_as_plain_values(nothing: Result) -> None:
    assert nothing.to_json()["objects"] == []
    assert nothing.to_json()["path"] is None
    assert nothing.to_coco() == []


def test_paths_as_text() -> None:
    assert text_of(Path("ünï/🐈.png")) == "ünï/🐈.png"
    assert (
        json.dumps(text_of(Path("a\udcff.png")), ensure_ascii=False).encode() == b'"a\\\\xff.png"'
    )


# --- supervision

needs_no_opencv = pytest.mark.filterwarnings("ignore:OpenCV")  # said at its first import


@needs_no_opencv
def test_supervision(found: Result) -> None:
    supervision = pytest.importorskip("supervision")
    given = found.to_supervision()
    assert isinstance(given, supervision.Detections)
    np.testing.assert_array_equal(given.xyxy, found.boxes.numpy())
    np.testing.assert_array_equal(given.confidence, found.scores.numpy())
    np.testing.assert_array_equal(given.class_id, found.labels.numpy())
    assert list(given["class_name"]) == found.names
    given.xyxy[:] = 0
    assert found.boxes[0, 0] == 10  # no shared memory


@needs_no_opencv
def test_supervision_of_nothing(nothing: Result) -> None:
    pytest.importorskip("supervision")
    assert len(nothing.to_supervision()) == 0


def test_without_supervision(found: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ConfigError, match="RC385") as caught:
        found.to_supervision()
    assert str(caught.value).count("\n") == 1
    assert "pip install supervision" in caught.value.fix
