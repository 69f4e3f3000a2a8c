"""Results of four pictures, by hand: two objects, none, one in a folder, one of an odd name."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from frcnn.prediction.forms.results import Picture, Results

CLASSES = ("bolt", "nut")
RUN = {"weights": "screws-001/best.safetensors", "sha256": "0123456789abcdef" * 4, "conf": None}
BOLT = {"label": 0, "name": "bolt", "score": 0.75, "box": [1.0, 2.0, 3.5, 4.0]}
NUT = {"label": 1, "name": "nut", "score": 0.25, "box": [0.0, 0.0, 8.0, 6.0]}
FAULT = {"code": "RC101", "place": "x.png", "what": "no picture"}


def picture(inside: str, *objects: Mapping[str, Any], width: int = 8, height: int = 6) -> Picture:
    row = {"path": f"photos/{inside}", "width": width, "height": height, "notes": []}
    stem = inside.rpartition(".")[0]
    return Picture({**row, "objects": list(objects)}, inside=inside, stem=stem)


PICTURES = (
    picture("a.png", BOLT, NUT),
    picture("b, c.png"),
    picture("more/a.png", NUT),
    picture('q" ünï & <.png', BOLT, width=10, height=20),
)


@pytest.fixture
def make_results() -> Callable[..., Results]:
    """Build results; the four pictures unless others are given."""

    def build(*pictures: Picture, **changed: Any) -> Results:
        given = {
            "run": RUN,
            "classes": CLASSES,
            "category_ids": (1, 2),
            "pictures": lambda: iter(pictures or PICTURES),
            "problems": lambda: iter([FAULT]),
        }
        return Results(**{**given, **changed})

    return build


@pytest.fixture
def make_picture() -> Callable[..., Picture]:
    """Build a picture of 8 x 6 pixels from its path and objects."""
    return picture
