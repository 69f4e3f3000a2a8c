"""Setting the table: nothing overlaps, every top face is in the picture, shares are kept."""

from dataclasses import replace

import numpy as np
import pytest

from frcnn.demo.camera import Camera, aim
from frcnn.demo.config import SceneConfig
from frcnn.demo.layout import gap
from frcnn.demo.solids import Solid
from frcnn.demo.table import Table

CONFIG = replace(SceneConfig(), cut_share=0.0)


def camera(side: float = 30) -> Camera:
    return aim(elevation=65, azimuth=40, roll=2, side=side, focal=550, size=(240, 320))


def rolled(seed: int, config: SceneConfig = CONFIG, side: float = 30) -> Table:
    table = Table(np.random.default_rng(seed), camera(side), side, config)
    table.roll_dice()
    return table


def tops(solid: Solid) -> np.ndarray:
    corners = solid.corners()
    return corners[:, corners[2] > solid.centre[2]]


def overhang(solid: Solid, side: float = 30) -> float:
    """Pixels by which the top face crosses the picture's border; negative inside."""
    x, y, _ = camera(side).project(tops(solid))
    return float(max(-x.min(), x.max() - 320, -y.min(), y.max() - 240))


# Golden by hand


def test_exactly_one_die_when_one_is_asked_for() -> None:
    for seed in range(20):
        assert len(rolled(seed, replace(CONFIG, dice=(1, 1))).solids) == 1


def test_large_dice_leave_room_for_fewer() -> None:
    """A third of 240 x 320 holds 24 576 / (1.4 * 80) ** 2 = 1.96 dice of 80 pixels: one."""
    crowd = replace(CONFIG, dice=(1, 8))
    assert {len(rolled(seed, crowd, side=80).solids) for seed in range(20)} == {1}
    assert max(len(rolled(seed, crowd, side=25).solids) for seed in range(30)) >= 7


# What always holds


@pytest.mark.parametrize("seed", range(25))
def test_nothing_stands_in_anything_else(seed: int) -> None:
    table = rolled(seed, replace(CONFIG, touching_share=1.0))
    table.add_decoys()
    taken = table.taken
    assert len(taken) == len(table.solids)
    for i, one in enumerate(taken):
        assert all(gap(one, other) >= 0 for other in taken[:i])


@pytest.mark.parametrize("seed", range(25))
def test_footprints_are_where_the_solids_are(seed: int) -> None:
    table = rolled(seed)
    table.add_decoys()
    for solid, place in zip(table.solids, table.taken, strict=True):
        np.testing.assert_allclose(solid.centre[:2], place.spot, atol=1e-5)
        low = solid.corners()[:2]
        away = low - np.array(place.spot)[:, None]
        c, s = np.cos(place.turn), np.sin(place.turn)
        reach = np.abs(c * away[0] + s * away[1]).max(), np.abs(c * away[1] - s * away[0]).max()
        np.testing.assert_allclose(reach, place.half, atol=1e-4)


@pytest.mark.parametrize("seed", range(25))
def test_every_top_face_is_in_the_picture(seed: int) -> None:
    for die in rolled(seed).solids:
        assert overhang(die) <= -1.9


def test_dice_that_may_be_cut_hang_over_by_less_than_half() -> None:
    config = replace(CONFIG, cut_share=1.0)
    hanging = [overhang(die) for seed in range(40) for die in rolled(seed, config).solids]
    assert max(hanging) > 0
    assert max(hanging) <= 0.4 * 30 + 0.1


def test_dice_touch_when_they_shall_and_only_then() -> None:
    def touching_pairs(share: float) -> int:
        config = replace(CONFIG, touching_share=share, dice=(4, 6))
        tables = [rolled(seed, config).taken for seed in range(20)]
        return sum(
            gap(one, other) < 0.05
            for taken in tables
            for i, one in enumerate(taken)
            for other in taken[:i]
        )

    assert touching_pairs(0.0) == 0
    assert touching_pairs(1.0) > 30


def test_all_values_and_turns_come_up() -> None:
    dice = [die for seed in range(80) for die in rolled(seed).solids]
    counts = np.bincount([die.value for die in dice], minlength=7)[1:]
    assert counts.min() > 0.6 * counts.mean()
    headings = {round(float(np.degrees(np.arctan2(d.turn[1, 0], d.turn[0, 0])))) for d in dice}
    assert len(headings) > 80


def test_dice_of_one_set_are_alike_in_size_and_colour() -> None:
    """One set in two of five scenes; sets differ by at most an eighth in size."""
    kinds = []
    for seed in range(60):
        dice = rolled(seed, replace(CONFIG, dice=(4, 8))).solids
        kinds.append(len({(tuple(die.coat.body), float(die.half[0])) for die in dice}))
        assert all(0.44 <= die.half[0] <= 0.56 for die in dice)
    assert 0.2 < np.mean([count == 1 for count in kinds]) < 0.7
    assert max(kinds) >= 4


def test_decoys_are_no_dice_and_stay_apart_from_their_shape() -> None:
    solids = []
    for seed in range(40):
        table = rolled(seed)
        before = len(table.solids)
        table.add_decoys()
        added = table.solids[before:]
        assert len(added) <= 3
        solids += added
    assert all(solid.value == 0 for solid in solids)
    assert len({tuple(solid.half) for solid in solids}) == 5  # four blocks and the domino


def test_the_same_seed_sets_the_same_table() -> None:
    one, other = rolled(7), rolled(7)
    assert one.taken == other.taken
    assert [die.value for die in one.solids] == [die.value for die in other.solids]


# Nothing in


def test_a_new_table_is_empty() -> None:
    table = Table(np.random.default_rng(0), camera(), 30, CONFIG)
    assert table.solids == ()
    assert table.taken == []


def test_decoys_on_an_empty_table() -> None:
    table = Table(np.random.default_rng(0), camera(), 30, CONFIG)
    table.add_decoys()
    assert 1 <= len(table.solids) <= 3


def test_a_full_table_takes_no_more() -> None:
    """Fifty large dice are asked for; those without room are left out."""
    crowd = replace(CONFIG, dice=(50, 50))
    assert 1 <= len(rolled(0, crowd, side=60).solids) < 20


def test_taken_is_a_copy() -> None:
    table = rolled(3)
    table.taken.clear()
    assert table.taken
