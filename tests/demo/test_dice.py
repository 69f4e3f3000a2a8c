"""Dice: opposite faces, the way round, and which face is up."""

import numpy as np
import pytest

from frcnn.demo.dice import FACES, Make, about_vertical, draw_make, make_die, pip_cells
from frcnn.demo.solids import Solid, meet


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


MAKE = draw_make(rng())


def die(value: int, **changes: object) -> Solid:
    given = {"side": 1.0, "spot": (0.0, 0.0), "turn": 0.0} | changes
    return make_die(MAKE, value=value, **given)  # type: ignore[arg-type]


def face_normals() -> np.ndarray:
    return np.concatenate([[sign * np.eye(3)[axis] for sign in (1, -1)] for axis in range(3)])


def pips_under(solid: Solid, down: np.ndarray) -> int:
    """How many pips the face has that is met by rays along `down` (world)."""
    way = solid.turn.T @ down
    face = int(np.argmax(face_normals() @ -way))
    return int(solid.coat.pips[face].sum())


# Golden by hand


@pytest.mark.parametrize("value", range(7))
def test_a_face_has_as_many_pips_as_its_value(value: int) -> None:
    assert pip_cells(value).sum() == value
    assert pip_cells(value).shape == (3, 3)


def test_patterns_look_as_they_should() -> None:
    assert pip_cells(1)[1, 1]
    assert pip_cells(5)[[0, 0, 1, 2, 2], [0, 2, 1, 0, 2]].all()
    assert pip_cells(6)[[0, 2]].all()
    assert not pip_cells(6)[1].any()


@pytest.mark.parametrize("value", range(1, 7))
def test_patterns_look_the_same_from_the_other_side(value: int) -> None:
    cells = pip_cells(value)
    np.testing.assert_array_equal(cells, cells[::-1, ::-1])


def test_opposite_faces_add_up_to_seven() -> None:
    assert sorted(FACES) == [1, 2, 3, 4, 5, 6]
    assert all(FACES[2 * axis] + FACES[2 * axis + 1] == 7 for axis in range(3))


def test_one_two_three_run_counter_clockwise() -> None:
    one, two, three = (face_normals()[FACES.index(value)] for value in (1, 2, 3))
    assert np.linalg.det(np.stack((one, two, three))) == pytest.approx(1)


def test_about_vertical() -> None:
    np.testing.assert_allclose(about_vertical(np.pi / 2) @ [1, 0, 0], (0, 1, 0), atol=1e-6)


# What always holds


@pytest.mark.parametrize("value", range(1, 7))
@pytest.mark.parametrize("turn", [0.0, 0.7, 3.0])
def test_the_value_is_up_and_its_opposite_down(value: int, turn: float) -> None:
    solid = die(value, turn=turn)
    assert solid.value == value
    assert pips_under(solid, np.array([0, 0, -1])) == value
    assert pips_under(solid, np.array([0, 0, 1])) == 7 - value


@pytest.mark.parametrize("value", range(1, 7))
def test_the_six_faces_are_all_there(value: int) -> None:
    solid = die(value, turn=1.0)
    seen = {pips_under(solid, solid.turn @ normal) for normal in face_normals()}
    assert seen == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("value", range(1, 7))
def test_it_turns_without_a_mirror(value: int) -> None:
    turn = die(value, turn=2.0).turn
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(turn) == pytest.approx(1, abs=1e-5)


def test_it_lies_on_the_table_where_it_was_put() -> None:
    corners = die(3, side=0.8, spot=(2.0, -1.0), turn=0.5).corners()
    assert corners[2].min() == pytest.approx(0, abs=1e-6)
    assert corners[2].max() == pytest.approx(0.8, abs=1e-6)
    np.testing.assert_allclose(corners.mean(axis=1)[:2], (2, -1), atol=1e-6)


def test_lengths_grow_with_the_side() -> None:
    small, large = die(1, side=0.5), die(1, side=2.0)
    for name in ("edge", "ball"):
        assert getattr(large, name) == pytest.approx(4 * getattr(small, name))
    assert large.coat.pitch == pytest.approx(4 * small.coat.pitch)
    assert large.coat.pip_radius == pytest.approx(4 * small.coat.pip_radius)


def makes() -> list[Make]:
    draw = rng(5)
    return [draw_make(draw) for _ in range(200)]


def brightness(colour: np.ndarray) -> float:
    return float(colour @ (0.2126, 0.7152, 0.0722))


def test_pips_stand_out_from_body_and_veins() -> None:
    for make in makes():
        low, high = sorted((brightness(make.pip), brightness(make.body)))
        assert (high + 0.05) / (low + 0.05) > 2
        low, high = sorted((brightness(make.pip), brightness(make.vein)))
        assert (high + 0.05) / (low + 0.05) > 2


def test_pips_lie_on_the_flat_of_the_face_and_apart() -> None:
    for make in makes():
        assert make.pitch > 2 * make.pip_radius
        assert make.pitch + make.pip_radius < 0.5 - make.edge / 3
        assert make.edge < 0.5


def test_a_cut_die_keeps_its_outermost_pips() -> None:
    """The face of a cut die is a disc; the corner pips' middles lie on it."""
    for make in makes():
        disc = np.sqrt(max(make.ball**2 - 0.25, 0))
        assert disc > make.pitch * np.sqrt(2)


def test_sets_differ() -> None:
    drawn = makes()
    assert len({tuple(make.body) for make in drawn}) > 10
    assert {make.ball == 1.0 for make in drawn} == {True, False}


def test_the_top_is_met_at_the_height_of_the_side() -> None:
    origin = np.array([0, 0, 5], np.float32)
    solid = die(6, turn=0.3)
    hits = meet(solid, solid.to_body(origin[:, None])[:, 0], solid.turn.T @ [[0], [0], [-1]])
    assert hits.depth[0] == pytest.approx(4, abs=1e-4)


# Wrong in


@pytest.mark.parametrize("value", [0, 7])
def test_there_is_no_such_face(value: int) -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        die(value)
