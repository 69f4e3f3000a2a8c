"""Decoys: solids that are no dice, standing where they were put."""

import numpy as np
import pytest

from frcnn.demo.decoys import block_half, domino_half, make_block, make_domino
from frcnn.demo.layout import Footprint

PLACE = Footprint(spot=(1.0, -2.0), turn=0.4, half=(0.5, 1.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# Golden by hand


def test_a_domino_is_twice_as_long_as_wide_and_flat() -> None:
    half = domino_half()
    assert half[1] == 2 * half[0]
    assert half[2] < 0.5 * half[0]


def test_a_domino_has_two_fields_on_top_and_nothing_else() -> None:
    domino = make_domino(rng(1), domino_half(), PLACE)
    assert domino.coat.pips.shape == (6, 3, 6)
    assert not np.delete(domino.coat.pips, 4, axis=0).any()
    fields = domino.coat.pips[4][:, :3], domino.coat.pips[4][:, 3:]
    assert all(0 <= field.sum() <= 6 for field in fields)


# What always holds


@pytest.mark.parametrize("seed", range(20))
def test_blocks_have_no_pips_and_no_value(seed: int) -> None:
    half = block_half(rng(seed))
    block = make_block(rng(seed), half, PLACE)
    assert block.value == 0
    assert not block.coat.pips.any()


@pytest.mark.parametrize("seed", range(20))
def test_they_stand_on_the_table_where_they_were_put(seed: int) -> None:
    half = block_half(rng(seed))
    for solid in (
        make_block(rng(seed), half, PLACE),
        make_domino(rng(seed), domino_half(), PLACE),
    ):
        corners = solid.corners()
        assert corners[2].min() == pytest.approx(0, abs=1e-6)
        np.testing.assert_allclose(corners.mean(axis=1)[:2], PLACE.spot, atol=1e-5)
        assert solid.edge < solid.half.min()


def test_no_block_hides_a_die_behind_it() -> None:
    """A die is 1 unit high, give or take an eighth; nothing that stands is higher."""
    assert max(float(block_half(rng(seed))[2]) for seed in range(50)) <= 0.5 * 0.92


def test_pips_of_a_domino_stay_on_it() -> None:
    domino = make_domino(rng(3), domino_half(), PLACE)
    pitch, radius = domino.coat.pitch, domino.coat.pip_radius
    assert 2.5 * pitch + radius < domino.half[1]
    assert pitch + radius < domino.half[0]
    assert pitch > 2 * radius


def test_pips_vary() -> None:
    counts = {int(make_domino(rng(s), domino_half(), PLACE).coat.pips.sum()) for s in range(30)}
    assert len(counts) > 5


def test_blocks_come_in_several_shapes() -> None:
    assert len({tuple(block_half(rng(seed))) for seed in range(40)}) == 4


def test_the_same_seed_gives_the_same_colour() -> None:
    one, other = (make_block(rng(7), block_half(rng(7)), PLACE) for _ in range(2))
    np.testing.assert_array_equal(one.coat.body, other.coat.body)
