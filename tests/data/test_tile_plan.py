"""What tiles may be asked for, and what would have an object whole."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.data.tile_plan import LARGEST, TilePlan
from frcnn.errors import ConfigError
from frcnn.ops.picture_header import MAX_PIXELS
from frcnn.types import Size


def test_golden_defaults_are_those_of_prediction() -> None:
    from frcnn.prediction.tiles import TileConfig

    plan, looked_at = TilePlan(side=1024), TileConfig(side=1024)
    assert (plan.overlap, plan.pixels) == (looked_at.overlap, looked_at.pixels) == (0.2, 205)
    assert (plan.least_visible, plan.only_with_objects) == (0.1, False)


def test_the_largest_tile_is_one_that_training_reads() -> None:
    assert LARGEST**2 <= MAX_PIXELS < (LARGEST + 1) ** 2


def test_golden_remedies() -> None:
    plan, size = TilePlan(side=1000), Size(9000, 9000)
    assert plan.remedy(300, plan.enough(300, size)) == "--tile-overlap 0.30 or --tile 1500"
    assert plan.remedy(600, plan.enough(600, size)) == "--tile 3000"
    assert plan.remedy(600, plan.enough(600, Size(640, 480))) == "--tile 640"
    assert plan.remedy(5000, plan.enough(5000, size)) == "both --tile and --tile-overlap larger"
    alone = TilePlan(side=1000, overlap=0.0)
    assert alone.remedy(10.5, alone.enough(10.5, size)) == "--tile-overlap 0.02"


@given(st.integers(16, 8000), st.floats(0.01, 0.9), st.floats(0.1, 9000))
def test_a_remedy_helps(side: int, overlap: float, more: float) -> None:
    plan = TilePlan(side=side, overlap=overlap)
    longest = plan.pixels + more
    text = plan.remedy(longest, plan.enough(longest, Size(100_000, 100_000)))
    said = dict(re.findall(r"--tile(-overlap|) ([0-9.]+)", text))
    assert said or text.startswith("both")
    if "" in said:
        assert TilePlan(side=int(said[""]), overlap=overlap).pixels >= longest
    if "-overlap" in said:
        assert TilePlan(side=side, overlap=float(said["-overlap"])).pixels >= longest


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("side", value) for value in (15, 8001, 0, -1, 64.0, True, "64")),
        *(("overlap", value) for value in (-0.1, 1.0, math.nan)),
        *(("least_visible", value) for value in (-0.1, 1.1, math.nan)),
    ],
)
def test_wrong_in(name: str, value: object) -> None:
    said: dict[str, Any] = {"side": 64, name: value}
    with pytest.raises(ConfigError, match=f"RC328.*{name}") as caught:
        TilePlan(**said)
    assert repr(value) in str(caught.value)
