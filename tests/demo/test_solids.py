"""Solids: where rays meet rounded boxes, against a patient float64 walk."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.demo.solids import Coat, Hits, Solid, meet

GREY = np.full(3, 0.5, np.float32)
PLAIN = Coat(body=GREY, vein=GREY, pip=GREY, gloss=0.0)
CUBE = Solid(
    centre=np.array([0, 0, 0.5], np.float32),
    turn=np.eye(3, dtype=np.float32),
    half=np.full(3, 0.5, np.float32),
    edge=0.1,
    ball=10.0,
    coat=PLAIN,
)
SLAB = replace(CUBE, half=np.array([1.0, 0.5, 0.2], np.float32), edge=0.05)
CUT = replace(CUBE, ball=0.7)
DOWN = np.array([[0], [0], [-1]], np.float32)


def rays_at(solid: Solid, seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """One origin outside, and rays towards points in and around the solid."""
    rng = np.random.default_rng(seed)
    origin = rng.normal(size=3)
    origin *= rng.uniform(3, 9) / np.linalg.norm(origin)
    targets = rng.uniform(-1.3, 1.3, (3, count)) * solid.half[:, None]
    return origin.astype(np.float32), (targets - origin[:, None]).astype(np.float32)


def distance(solid: Solid, points: np.ndarray) -> np.ndarray:
    """Oracle in float64: the rounded box, cut by the sphere."""
    inner = solid.half.astype(np.float64)[:, None] - solid.edge
    box = np.linalg.norm(np.maximum(np.abs(points) - inner, 0), axis=0) - solid.edge
    return np.maximum(box, np.linalg.norm(points, axis=0) - solid.ball)


def walk(solid: Solid, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Oracle: depth of the first meeting by 200 careful steps; infinite where there is none."""
    ways = directions.astype(np.float64)
    speed = 1 / np.linalg.norm(ways, axis=0)
    depth = np.zeros(ways.shape[1])
    for _ in range(200):
        left = distance(solid, origin[:, None] + depth * ways)
        depth = np.minimum(depth + np.maximum(left, 0) * speed, 1e3)
    left = distance(solid, origin[:, None] + depth * ways)
    return np.where(left < 1e-4, depth, np.inf)


# Golden by hand


def test_a_ray_from_above_meets_the_top() -> None:
    hits = meet(CUBE, np.array([0.2, 0.1, 3], np.float32), DOWN)
    assert list(hits.rays) == [0]
    np.testing.assert_allclose(hits.depth, 2.5, atol=1e-5)
    np.testing.assert_allclose(hits.points[:, 0], (0.2, 0.1, 0.5), atol=1e-5)
    np.testing.assert_allclose(hits.normals[:, 0], (0, 0, 1), atol=1e-5)


def test_depth_counts_in_lengths_of_the_direction() -> None:
    hits = meet(CUBE, np.array([0, 0, 3], np.float32), 2 * DOWN)
    np.testing.assert_allclose(hits.depth, 1.25, atol=1e-5)


def test_a_rounded_edge_lies_lower_and_leans() -> None:
    """Above the edge's middle: 0.1 * (1 - sqrt(1/2)) under the top, normal at 45 degrees."""
    x = 0.4 + 0.1 * np.sqrt(0.5)
    hits = meet(CUBE, np.array([x, 0, 3], np.float32), DOWN)
    assert hits.points[2, 0] == pytest.approx(0.4 + 0.1 * np.sqrt(0.5), abs=2e-3)
    np.testing.assert_allclose(hits.normals[:, 0], (np.sqrt(0.5), 0, np.sqrt(0.5)), atol=0.02)


def test_a_sharp_corner_is_missed_where_the_round_one_ends() -> None:
    corner = np.array([0.499, 0.499, 3], np.float32)
    assert len(meet(CUBE, corner, DOWN).rays) == 0
    assert len(meet(replace(CUBE, edge=1e-4), corner, DOWN).rays) == 1


def test_the_sphere_cuts_the_corners_and_leaves_the_faces() -> None:
    away = np.array([0.45, 0.45, 3], np.float32)
    cut = meet(CUT, away, DOWN)
    assert cut.points[2, 0] == pytest.approx(np.sqrt(0.49 - 2 * 0.45**2), abs=2e-3)
    np.testing.assert_allclose(cut.normals[:, 0], cut.points[:, 0] / 0.7, atol=0.01)
    assert meet(CUT, np.array([0, 0, 3], np.float32), DOWN).points[2, 0] == pytest.approx(0.5)


def test_corners_of_the_box() -> None:
    corners = CUBE.corners()
    assert corners.shape == (3, 8)
    assert {tuple(corner) for corner in corners.T.round(3)} == {
        (x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0, 1)
    }


def test_to_body_moves_and_turns() -> None:
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    turned = replace(CUBE, centre=np.array([1, 2, 3], np.float32), turn=quarter)
    body = turned.to_body(np.array([[1], [3], [3]], np.float32))
    np.testing.assert_allclose(body[:, 0], (1, 0, 0), atol=1e-6)


# What always holds


@pytest.mark.parametrize("solid", [CUBE, SLAB, CUT], ids=["cube", "slab", "cut"])
@pytest.mark.parametrize("seed", range(12))
def test_meet_agrees_with_the_walk(solid: Solid, seed: int) -> None:
    origin, directions = rays_at(solid, seed, 300)
    want = walk(solid, origin, directions)
    hits = meet(solid, origin, directions)
    got = np.full(300, np.inf)
    got[hits.rays] = hits.depth
    both = np.isfinite(got) & np.isfinite(want)
    # A ray that only grazes the outline may be told from a miss differently.
    assert (np.isfinite(got) != np.isfinite(want)).mean() <= 0.03
    length = np.linalg.norm(directions, axis=0)
    assert np.quantile(np.abs(got[both] - want[both]) * length[both], 0.97) < 0.01


@pytest.mark.parametrize("solid", [CUBE, SLAB, CUT], ids=["cube", "slab", "cut"])
@given(seed=st.integers(0, 10**6))
def test_points_lie_on_the_surface_and_normals_face_the_ray(solid: Solid, seed: int) -> None:
    origin, directions = rays_at(solid, seed, 200)
    hits = meet(solid, origin, directions)
    assert np.abs(distance(solid, hits.points.astype(np.float64))).max(initial=0) < 5e-3
    np.testing.assert_allclose(np.linalg.norm(hits.normals, axis=0), 1, atol=1e-4)
    towards = (hits.normals * directions[:, hits.rays]).sum(axis=0)
    assert np.quantile(towards, 0.98) <= 1e-3 if len(towards) else True


def test_rays_rise_and_arrays_agree() -> None:
    origin, directions = rays_at(CUBE, 1, 500)
    hits = meet(CUBE, origin, directions)
    assert (np.diff(hits.rays) > 0).all()
    count = len(hits.rays)
    assert hits.depth.shape == (count,)
    assert hits.points.shape == hits.normals.shape == (3, count)
    assert {hits.depth.dtype, hits.points.dtype, hits.normals.dtype} == {np.dtype(np.float32)}


def test_rays_along_an_axis_do_not_divide_by_zero() -> None:
    with np.errstate(all="raise"):
        assert len(meet(CUBE, np.array([0, 0, 3], np.float32), DOWN).rays) == 1


# Nothing in


def test_no_rays() -> None:
    hits = meet(CUBE, np.array([0, 0, 3], np.float32), np.zeros((3, 0), np.float32))
    assert isinstance(hits, Hits)
    assert hits.points.shape == (3, 0)


def test_all_rays_miss() -> None:
    hits = meet(CUBE, np.array([0, 0, 3], np.float32), -DOWN * np.array([[1], [1], [-1]]) + 5)
    assert hits.normals.shape == (3, 0)
