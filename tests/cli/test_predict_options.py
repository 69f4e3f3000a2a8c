"""What `frcnn predict` can be told: ranges at birth, kinds, and what contradicts what."""

from typing import get_args

import pytest

from frcnn.cli import predict_options
from frcnn.cli.predict_options import PredictOptions
from frcnn.errors import ConfigError


def test_nothing_said_is_nothing_passed_on() -> None:
    made = PredictOptions()
    assert made.said(*vars(made)) == {}


def test_the_borders_of_ranges_are_inside() -> None:
    PredictOptions(conf=0.0, iou=1.0, max_det=1)
    PredictOptions(tile=16, tile_overlap=0.0, tile_threshold=1.0)
    PredictOptions(tile=30_000, tile_merge="nms", tile_match="iou", tiles_only=True)


@pytest.mark.parametrize(
    ("make", "place", "want"),
    [
        (lambda: PredictOptions(conf=1.0), "--conf", "0 or more, below 1"),
        (lambda: PredictOptions(iou=0.0), "--iou", "above 0, up to 1"),
        (lambda: PredictOptions(max_det=0), "--max-det", "1 ... 100000"),
        (lambda: PredictOptions(conf=float("nan")), "--conf", "0 or more, below 1"),
        (lambda: PredictOptions(tile=15), "--tile", "16 ... 30000"),
        (lambda: PredictOptions(tile_overlap=1.0), "--tile-overlap", "0 or more, below 1"),
        (lambda: PredictOptions(tile_overlap=-0.1), "--tile-overlap", "0 or more, below 1"),
        (lambda: PredictOptions(tile_threshold=0.0), "--tile-threshold", "above 0, up to 1"),
        (lambda: PredictOptions(vid_stride=0), "--vid-stride", "1 ... 1e+06"),
        (lambda: PredictOptions(max_frames=0), "--max-frames", "1 or more"),
    ],
)
def test_out_of_range(make, place: str, want: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    error = caught.value
    assert (error.code, error.place, error.want) == ("RC305", place, want)


@pytest.mark.parametrize(
    ("make", "place", "near"),
    [
        (lambda: PredictOptions(tile_merge="gredy"), "--tile-merge", "greedy"),
        (lambda: PredictOptions(tile_match="iom"), "--tile-match", "io"),
        (lambda: PredictOptions(save="labelstudio"), "--save", "label-studio"),
    ],
)
def test_words_that_are_not_known(make, place: str, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert (caught.value.code, caught.value.place) == ("RC304", place)
    assert near in caught.value.fix


def test_resuming_a_prediction_needs_its_folder() -> None:
    with pytest.raises(ConfigError, match="--out DIR") as caught:
        PredictOptions(resume=True)
    assert caught.value.code == "RC308"
    PredictOptions(resume=True, out="a")


def test_an_address_needs_a_form_that_has_addresses() -> None:
    with pytest.raises(ConfigError, match="--save label-studio") as caught:
        PredictOptions(image_url="https://a/", save="json")
    assert (caught.value.code, caught.value.place) == ("RC308", "--image-url")
    PredictOptions(image_url="https://a/", save="json,label-studio")


def test_what_to_save_is_split() -> None:
    assert PredictOptions().kinds is None
    assert PredictOptions(save="csv").kinds == ("csv",)
    assert PredictOptions(save="images, json").kinds == ("images", "json")


def test_the_choices_are_those_of_the_code_behind_them() -> None:
    """They are written out here, so that `--help` need not import torch."""
    from frcnn.launch.options import PredictOptions as Launched
    from frcnn.ops.tiles import SMALLEST
    from frcnn.prediction.merging import Match, Rule
    from frcnn.prediction.writers import FORMS, NAMES, Kind

    assert predict_options.SAVE == get_args(Kind) == tuple(NAMES)
    assert set(FORMS) == set(NAMES) - {"images", "crops"}
    assert get_args(Rule) == predict_options.MERGE
    assert get_args(Match) == predict_options.MATCH
    PredictOptions(tile=SMALLEST)
    own = {"json", "debug", "strict", "config"}
    assert set(vars(PredictOptions())) - own == set(Launched.__annotations__)
