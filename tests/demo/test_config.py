"""SceneConfig: defaults that work, and every setting refused outside its range."""

import ast
import inspect
import math
from dataclasses import FrozenInstanceError, fields, replace
from itertools import pairwise

import pytest

from frcnn.demo.config import SceneConfig
from frcnn.errors import ConfigError

# Golden by hand


def test_the_defaults_are_within_their_own_ranges() -> None:
    config = SceneConfig()
    assert config.count == config.train + config.val + config.test
    assert config.height < config.width


def test_count_adds_the_splits() -> None:
    assert SceneConfig(train=3, val=2, test=1).count == 6


# What always holds


def test_it_is_frozen_and_takes_keywords_only() -> None:
    with pytest.raises(FrozenInstanceError):
        SceneConfig().train = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        SceneConfig(3)  # type: ignore[misc]


def test_every_setting_says_what_it_is() -> None:
    body = ast.parse(inspect.getsource(SceneConfig)).body[0].body  # type: ignore[attr-defined]
    described = {
        node.target.id
        for node, after in pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }
    assert described == {field.name for field in fields(SceneConfig)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("train", 0),
        ("empty_share", 0.0),
        ("empty_share", 1.0),
        ("dice", (3, 3)),
        ("clutter", (0, 0)),
        ("side", (12.0, 12.0)),
        ("elevation", (90.0, 90.0)),
        ("shadows", (0.0, 0.0)),
        ("defocus", 0.0),
        ("motion", 0.0),
        ("noise", 0.0),
        ("fine", 1),
        ("quality", 100),
        ("height", 64),
    ],
)
def test_the_ends_of_the_ranges_are_allowed(name: str, value: object) -> None:
    changes = {name: value} | ({"side": (12.0, 20.0)} if name == "height" else {})
    assert getattr(replace(SceneConfig(), **changes), name) == value


# Nothing in


def test_no_scene_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one scene"):
        SceneConfig(train=0, val=0, test=0)


def test_one_split_may_be_empty() -> None:
    assert SceneConfig(train=0, val=0, test=1).count == 1


# Wrong in


@pytest.mark.parametrize(
    ("name", "value", "want"),
    [
        ("train", -1, "a whole number >= 0"),
        ("seed", -1, "a whole number >= 0"),
        ("height", 63, "64 ... 4096"),
        ("width", 5000, "64 ... 4096"),
        ("empty_share", 1.1, "a share in [0, 1]"),
        ("touching_share", -0.1, "a share in [0, 1]"),
        ("cut_share", math.nan, "a share in [0, 1]"),
        ("decoy_share", 2, "a share in [0, 1]"),
        ("motion_share", math.inf, "a share in [0, 1]"),
        ("dice", (0, 3), "within 1 ... 50"),
        ("dice", (5, 3), "the smaller first"),
        ("clutter", (0, 51), "within 0 ... 50"),
        ("side", (5.0, 40.0), "within 12 ... 80"),
        ("side", (20.0, 90.0), "within 12 ... 80"),
        ("elevation", (30.0, 60.0), "within 45 ... 90"),
        ("shadows", (-1.0, 1.0), "within 0 ... 2"),
        ("defocus", -1.0, "0 ... 20"),
        ("motion", math.nan, "0 ... 100"),
        ("noise", -0.5, "0 ... 100"),
        ("fine", 0, "1 ... 8"),
        ("quality", 101, "1 ... 100"),
    ],
)
def test_what_is_out_of_range_is_named(name: str, value: object, want: str) -> None:
    with pytest.raises(ConfigError) as caught:
        replace(SceneConfig(), **{name: value})
    error = caught.value
    assert (error.code, error.place) == ("RC350", f"demo.{name}")
    assert error.got == str(value)
    assert want in error.want
    assert error.fix.startswith(f"set demo.{name} to")
