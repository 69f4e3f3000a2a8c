"""Rendering: boxes, who hides whom, shadows on the table."""

import numpy as np
import pytest

from frcnn.demo.camera import Camera, aim
from frcnn.demo.dice import draw_make, make_die
from frcnn.demo.light import Light, make_light
from frcnn.demo.rendering import View, draw_solids, light_table
from frcnn.demo.solids import Solid

SIZE = (96, 128)
MAKE = draw_make(np.random.default_rng(3))


def camera(elevation: float = 90, side: float = 20) -> Camera:
    return aim(elevation=elevation, azimuth=0, roll=0, side=side, focal=4000, size=SIZE)


def lamp(elevation: float = 50) -> Light:
    white = np.ones(3, np.float32)
    return make_light(elevation=elevation, azimuth=0, radius=4, lamp=white, sky=0.4 * white)


def die(x: float = 0, y: float = 0, side: float = 1, value: int = 3) -> Solid:
    return make_die(MAKE, value=value, side=side, spot=(x, y), turn=0.0)


def table(value: float = 0.5) -> np.ndarray:
    return np.full((3, *SIZE), value, np.float32)


def views(solids: list[Solid], eye: Camera | None = None, fine: int = 4) -> tuple[View, ...]:
    return draw_solids(table(), eye or camera(), tuple(solids), lamp(), fine)[1]


# Golden by hand


def test_the_box_of_a_die_seen_from_above() -> None:
    """20 pixels about the middle (64, 48); the far lens leaves no perspective to speak of."""
    (view,) = views([die()])
    np.testing.assert_allclose(view.box or (), (54, 38, 74, 58), atol=0.6)
    assert (view.share, view.top_share) == (1, 1)


def test_from_the_side_the_front_face_is_in_the_box() -> None:
    """At 60 degrees the top measures 20 sin 60 and the front 20 cos 60 pixels."""
    (view,) = views([die()], camera(60))
    x1, y1, x2, y2 = view.box or (0, 0, 0, 0)
    assert x2 - x1 == pytest.approx(20, abs=1)
    assert y2 - y1 == pytest.approx(20 * (np.sin(np.pi / 3) + np.cos(np.pi / 3)), abs=1.5)


def test_a_die_across_the_border_is_cut() -> None:
    (view,) = views([die(x=3.2)])
    assert view.box is not None
    np.testing.assert_allclose(view.box, (118, 38, 128, 58), atol=0.6)
    assert view.share == pytest.approx(0.5, abs=0.05)
    assert view.top_share == pytest.approx(0.5, abs=0.05)


def test_a_die_outside_the_picture_is_not_seen() -> None:
    (view,) = views([die(x=9)])
    assert view == View(box=None, share=0.0, top_share=0.0) or view.box is None
    assert view.share == 0


def test_a_die_behind_another_loses_its_foot_and_keeps_its_top() -> None:
    front, back = views([die(y=0), die(y=1.02)], camera(50))
    assert front.share == 1
    assert back.share < 0.75
    assert back.top_share > 0.97
    assert (back.box or (0, 0, 0, 99))[3] < 48


# What always holds


def test_the_order_of_the_solids_does_not_matter() -> None:
    solids = [die(y=0, value=1), die(x=0.4, y=1.1, value=2), die(x=-1.1, y=0.2, value=3)]
    one, seen = draw_solids(table(), camera(50), tuple(solids), lamp(), 2)
    other, turned = draw_solids(table(), camera(50), tuple(solids[::-1]), lamp(), 2)
    np.testing.assert_allclose(one, other, atol=1e-5)
    assert [view.box for view in seen] == [view.box for view in turned[::-1]]


def test_what_is_outside_all_boxes_is_the_table() -> None:
    picture, seen = draw_solids(table(), camera(50), (die(),), lamp(), 2)
    changed = (picture != table()).any(axis=0)
    x1, y1, x2, y2 = seen[0].box or (0, 0, 0, 0)
    rows, columns = np.nonzero(changed)
    assert columns.min() == int(x1)
    assert columns.max() == int(np.ceil(x2)) - 1
    assert rows.min() == int(y1)
    assert rows.max() == int(np.ceil(y2)) - 1


def test_outlines_are_mixed_from_die_and_table() -> None:
    bright = table(40.0)
    picture, _ = draw_solids(bright, camera(60), (die(x=0.02),), lamp(), 4)
    share = picture[0] / 40
    assert ((share > 0.1) & (share < 0.9)).any()


def test_finer_rays_give_the_same_box_and_nearly_the_same_picture() -> None:
    coarse, one = draw_solids(table(), camera(60), (die(),), lamp(), 2)
    fine, two = draw_solids(table(), camera(60), (die(),), lamp(), 6)
    np.testing.assert_allclose(one[0].box or (), two[0].box or (), atol=0.5)
    assert np.abs(coarse - fine).mean() < 0.01


def test_boxes_lie_in_the_picture() -> None:
    rng = np.random.default_rng(0)
    spots = rng.uniform(-4, 4, (30, 2))
    for view in views([die(x, y) for x, y in spots], camera(60), fine=2):
        if view.box is not None:
            x1, y1, x2, y2 = view.box
            assert 0 <= x1 < x2 <= SIZE[1]
            assert 0 <= y1 < y2 <= SIZE[0]
        assert 0 <= view.share <= 1
        assert 0 <= view.top_share <= 1


def test_a_die_in_the_shadow_of_another_is_darker() -> None:
    """The lamp stands low in the east; a large die there shades a small one in the west."""
    alone, _ = draw_solids(table(), camera(), (die(x=-1.3),), lamp(25), 2)
    shaded, _ = draw_solids(table(), camera(), (die(x=-1.3), die(x=0.4, side=2)), lamp(25), 2)
    west = (slice(None), slice(40, 56), slice(32, 48))
    assert shaded[west].mean() < 0.97 * alone[west].mean()
    east, _ = draw_solids(table(), camera(), (die(x=-1.3), die(x=-2.6)), lamp(25), 2)
    np.testing.assert_allclose(east[west], alone[west], atol=1e-5)


def test_the_table_is_dark_in_the_shadow_and_at_the_foot() -> None:
    lit = light_table(table(), camera(), (die(),), lamp(45))
    free = light_table(table(), camera(), (), lamp(45))
    ratio = (lit / free)[0]
    assert ratio[48, 48] < 0.5  # 0.3 units west of the die, away from the lamp
    assert 0.7 < ratio[48, 75] < 1  # just at its eastern foot
    assert ratio[48, 110] > 0.99
    assert ratio.max() <= 1.0001


def test_shadows_lengthen_as_the_lamp_sinks() -> None:
    areas = [
        (light_table(table(), camera(side=10), (die(),), lamp(height)) < 0.33).sum()
        for height in (80, 50, 25)
    ]
    assert areas[0] < areas[1] < areas[2]


def test_an_unshaded_table_has_the_light_of_lamp_and_sky() -> None:
    lit = light_table(table(1.0), camera(), (), lamp(30))
    np.testing.assert_allclose(lit, 0.5 + 0.4, rtol=1e-5)


def test_odd_sizes() -> None:
    eye = aim(elevation=70, azimuth=20, roll=3, side=20, focal=400, size=(75, 91))
    lit = light_table(np.ones((3, 75, 91), np.float32), eye, (die(),), lamp())
    picture, _ = draw_solids(lit, eye, (die(),), lamp(), 3)
    assert picture.shape == lit.shape == (3, 75, 91)
    assert picture.dtype == lit.dtype == np.float32


# Nothing in


def test_an_empty_table_stays_as_it_is() -> None:
    picture, seen = draw_solids(table(), camera(), (), lamp(), 2)
    np.testing.assert_array_equal(picture, table())
    assert seen == ()


def test_a_die_far_outside_throws_no_shadow() -> None:
    far = light_table(table(), camera(), (die(x=40, y=40),), lamp())
    np.testing.assert_array_equal(far, light_table(table(), camera(), (), lamp()))
