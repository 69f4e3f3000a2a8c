"""find_in_tiles: every planted object is found once, wherever the seams are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from frcnn.errors import ConfigError, ModelFileError
from frcnn.ops.tiles import Window, grid
from frcnn.prediction.choice import Choice
from frcnn.prediction.loading import Loaded
from frcnn.prediction.predictor import Detector
from frcnn.prediction.tiles import TileConfig, find_in_tiles, views_of
from frcnn.prediction.windows import Decoded
from frcnn.types import Detections, Size

ROW = tuple[int, int, int, int]


class Finder:
    """Finds each planted object's visible part: its number is in red and green, its blue is 255."""

    def __init__(self, batch: int = 3, side: int = 64) -> None:
        self.batch, self.side = batch, side
        self.seen: list[tuple[int, int]] = []
        self.choices: list[Choice | None] = []

    def looked_at(self, size: Size) -> Size:
        scale = self.side / min(size)
        return Size(round(size.height * scale), round(size.width * scale))

    def detect(self, pictures: Sequence[Tensor], choice: Choice | None = None) -> list[Detections]:
        assert len(pictures) <= self.batch
        self.choices.append(choice)
        return [self._find(picture) for picture in pictures]

    def _find(self, picture: Tensor) -> Detections:
        self.seen.append(tuple(picture.shape[1:]))
        red, green, blue = picture.int()
        numbers = torch.where(blue == 255, red + 256 * green, 0)
        boxes, scores = [], []
        for number in numbers.unique().tolist():
            ys, xs = (numbers == number).nonzero(as_tuple=True)
            if number:
                box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
                boxes.append([float(v) for v in box])
                scores.append(len(ys) / 50_000)  # the more of it, the surer; below 1
        if not boxes:
            return Detections.empty()
        labels = torch.zeros(len(boxes), dtype=torch.int64)
        return Detections(boxes=torch.tensor(boxes), scores=torch.tensor(scores), labels=labels)


def planted(size: Size, rows: Sequence[ROW]) -> Decoded:
    pixels = np.zeros((*size, 3), np.uint8)
    for number, (x1, y1, x2, y2) in enumerate(rows, 1):
        pixels[y1:y2, x1:x2] = number % 256, number // 256, 255
    return Decoded(Loaded(picture=torch.from_numpy(pixels).permute(2, 0, 1)))


def boxes_of(found: Detections) -> list[ROW]:
    return sorted(tuple(int(v) for v in row) for row in found.boxes.tolist())


# --- golden by hand


def test_golden_two_tiles_and_the_whole() -> None:
    config = TileConfig(side=100, overlap=0.2)
    views = views_of(Size(100, 180), config, Finder(side=40).looked_at)
    assert [view.window for view in views] == [
        Window(0, 0, 100, 100),
        Window(80, 0, 180, 100),
        Window(0, 0, 180, 100),
    ]
    assert [view.factor for view in views] == [1, 1, 2]  # seen at 40 pixels: twice 40 fits into 100


def test_golden_an_object_on_a_seam_is_found_once() -> None:
    """The left tile ends at 100, the right one begins at 80: one sees it whole, one a piece."""
    windows = planted(Size(100, 180), [(85, 40, 110, 60)])
    for merge in ("greedy", "nms"):
        config = TileConfig(side=100, merge=merge, whole=False)
        assert boxes_of(find_in_tiles(Finder(), windows, Choice(), config)) == [(85, 40, 110, 60)]


def test_golden_an_object_larger_than_the_overlap_is_put_together_or_seen_as_a_whole() -> None:
    """70 pixels wide in an overlap of 20: pieces of 45 and 45 that share 20."""
    windows = planted(Size(100, 180), [(55, 40, 125, 60)])
    apart = TileConfig(side=100, whole=False)
    assert len(find_in_tiles(Finder(), windows, Choice(), apart).scores) == 2
    lower = TileConfig(side=100, whole=False, threshold=0.4)
    assert boxes_of(find_in_tiles(Finder(), windows, Choice(), lower)) == [(55, 40, 125, 60)]
    whole = TileConfig(side=100)
    assert boxes_of(find_in_tiles(Finder(side=100), windows, Choice(), whole)) == [
        (55, 40, 125, 60)
    ]


def test_a_small_picture_is_looked_at_once() -> None:
    finder, windows = Finder(), planted(Size(50, 60), [(5, 5, 20, 20)])
    found = find_in_tiles(finder, windows, Choice(), TileConfig(side=100))
    assert (boxes_of(found), finder.seen) == ([(5, 5, 20, 20)], [(50, 60)])


# --- what always holds


@pytest.mark.parametrize("side", [48, 64, 100])
@pytest.mark.parametrize("merge", ["greedy", "nms"])
def test_every_object_that_fits_into_the_overlap_is_found_once(side: int, merge: str) -> None:
    config = TileConfig(side=side, overlap=0.25, merge=merge)
    size, most = Size(310, 403), config.pixels
    chance, rows = np.random.default_rng(side), []
    for y in range(0, size.height - most, most + 2):
        for x in range(0, size.width - most, most + 2):
            w, h = chance.integers(most // 2, most + 1, 2)
            rows.append((x, y, x + int(w), y + int(h)))
    windows = planted(size, rows)
    seams = {v for t in grid(size, side, config.pixels) for v in (t.x1, t.x2)}
    assert sum(any(x1 < s < x2 for s in seams) for x1, _, x2, _ in rows) > len(rows) / 4
    found = find_in_tiles(Finder(batch=5), windows, Choice(), config)
    assert boxes_of(found) == sorted(rows)
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)


def test_the_batch_changes_nothing() -> None:
    windows = planted(Size(150, 250), [(40, 40, 60, 60), (100, 90, 125, 110)])
    config = TileConfig(side=64)
    answers = [find_in_tiles(Finder(b), windows, Choice(), config).boxes for b in (1, 2, 50)]
    assert torch.equal(answers[0], answers[1])
    assert torch.equal(answers[0], answers[2])


def test_max_det_holds_for_the_picture_not_for_a_tile() -> None:
    rows = [(10 * i, 10, 10 * i + 8, 18) for i in range(20)]
    finder = Finder()
    choice = Choice(max_det=7, conf=0.1)
    config = TileConfig(side=64, overlap=0.5, whole=False)
    found = find_in_tiles(finder, planted(Size(30, 210), rows), choice, config)
    assert len(found.scores) == 7
    assert {(c.max_det, c.conf) for c in finder.choices} == {(None, 0.1)}


def test_views_are_counted() -> None:
    told: list[object] = []

    @contextmanager
    def counting(what: str, total: int) -> Iterator:
        told.append((what, total))
        yield told.append

    windows = planted(Size(100, 180), [])
    find_in_tiles(Finder(batch=2), windows, Choice(), TileConfig(side=100), counting)
    assert told == [("tiles", 3), 2, 3]


# --- a real detector


@pytest.fixture
def photo(make_photo, tmp_path: Path) -> Path:
    Image.fromarray(make_photo(0, height=150, width=230)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_a_detector_takes_a_number_or_all_about_the_tiles(detector: Detector, photo: Path) -> None:
    found = detector.predict(photo, tile=100, max_det=50)
    assert (found.size, found.path) == (Size(150, 230), photo)
    same = detector.predict([str(photo)], tile=TileConfig(side=100), max_det=50)[0]
    torch.testing.assert_close(found.boxes, same.boxes)
    with Image.open(photo) as image:
        pixels = np.asarray(image)
    in_memory = detector.predict(pixels, tile=100, max_det=50)
    torch.testing.assert_close(found.boxes, in_memory.boxes)
    np.testing.assert_array_equal(in_memory.picture(), pixels)
    assert len(found) > 0


def test_one_tile_is_the_picture_itself(detector: Detector, photo: Path) -> None:
    """Merging by IoU at 1 changes nothing, and there are no seams."""
    config = TileConfig(side=300, merge="nms", match="iou", threshold=1.0)
    one, other = detector.predict(photo, tile=config), detector.predict(photo)
    torch.testing.assert_close(one.boxes, other.boxes)
    torch.testing.assert_close(one.scores, other.scores)


def test_probabilities_and_classes_go_with_the_tiles(detector: Detector, photo: Path) -> None:
    found = detector.predict(photo, tile=100, probabilities=True, classes=["nut"])
    assert set(found.names) <= {"nut"}
    assert found.probabilities is not None
    assert found.probabilities.shape == (len(found), 3)
    best = found.probabilities.gather(1, found.labels[:, None])[:, 0]
    torch.testing.assert_close(best, found.scores)


def test_numbers_that_are_not_finite_are_told(make_network, photo: Path) -> None:
    network = make_network()
    detector = Detector(network, ("bolt", "nut", "washer"))
    with torch.no_grad():
        detector._network.box_head.logits.bias.fill_(float("nan"))
    with pytest.raises(ModelFileError):
        detector.predict(photo, tile=100)


# --- nothing in


def test_nothing_found(detector: Detector, photo: Path) -> None:
    assert len(detector.predict(photo, tile=100, conf=0.999999)) == 0
    found = detector.predict(photo, tile=100, conf=0.999999, probabilities=True)
    assert found.boxes.shape == (0, 4)


# --- wrong in


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("side", 15),
        ("side", 64.0),
        ("side", True),
        ("overlap", 1.0),
        ("overlap", -0.1),
        ("overlap", float("nan")),
        ("threshold", 0.0),
        ("threshold", 1.1),
        ("merge", "nmm"),
        ("match", "IOS"),
    ],
)
def test_values_that_cannot_be_chosen(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"RC381.*tile {name}"):
        TileConfig(**{"side": 64, name: value})


def test_the_overlap_in_pixels_leaves_a_step() -> None:
    assert TileConfig(side=512).pixels == 102
    assert TileConfig(side=16, overlap=0.99).pixels == 15
