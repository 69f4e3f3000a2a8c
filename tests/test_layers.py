"""The picture in ARCHITECTURE.md, as a test: a file imports only from layers below its own."""

import ast
import re
from itertools import pairwise, product
from pathlib import Path

import pytest

import frcnn

SOURCE = Path(frcnn.__path__[0])
LAYERS = [  # top first
    {"__main__"},
    {"cli"},
    {"api"},
    {"demo"},
    {"doctor"},
    {"launch"},
    {"presets"},
    {"training"},
    {"prediction"},
    {"model", "weights", "data", "evaluation"},
    {"ops", "draw", "captions"},
    {"settings", "files", "diaries", "run_folder", "machine"},
    {"types"},
    {"errors"},
    {"_version"},
]
LEVEL = {name: len(LAYERS) - i for i, names in enumerate(LAYERS) for name in names}
SIDEWAYS = {  # the only imports inside a layer
    ("__main__", "cli"),
    ("weights", "model"),
    ("draw", "captions"),
    ("run_folder", "files"),
    ("diaries", "files"),
    ("settings", "files"),
}
FILES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The first-level name that a file belongs to."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imported(tree: ast.AST) -> set[str]:
    """First-level rooms of this library that the code imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: only absolute imports can be checked"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("frcnn.")}


def forbidden(room: str, tree: ast.AST) -> set[str]:
    """What the code imports although it stands beside or above the room."""
    below = {other for other in LEVEL if LEVEL[other] < LEVEL[room] or (room, other) in SIDEWAYS}
    return imported(tree) - below - {room}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":  # gives the public names of all rooms, lazily
        return
    assert room in LEVEL, f"{room} has no place in the picture of ARCHITECTURE.md"
    up = forbidden(room, ast.parse(path.read_text()))
    assert not up, f"{path.name} is in {room} and must not import {sorted(up)}"


@pytest.mark.parametrize(
    ("room", "code", "found"),
    [
        ("ops", "from frcnn.model import anchors", {"model"}),
        ("ops", "def f():\n    import frcnn.cli", {"cli"}),
        ("data", "from frcnn import evaluation", {"evaluation"}),
        ("model", "from frcnn.weights.file import load", {"weights"}),
        ("errors", "from frcnn.types import Size", {"types"}),
        ("weights", "from frcnn.model.batch import Normalisation", set()),
        ("model", "from frcnn.ops import boxes\nfrom frcnn.errors import ConfigError", set()),
    ],
)
def test_a_planted_import_that_points_up_is_caught(room: str, code: str, found: set[str]) -> None:
    assert forbidden(room, ast.parse(code)) == found


def test_relative_imports_are_refused() -> None:
    with pytest.raises(AssertionError, match="absolute"):
        imported(ast.parse("from . import boxes"))


def test_every_room_of_the_picture_is_there() -> None:
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert set(LEVEL) <= rooms, "a room without files"


def test_architecture_draws_the_same_layers(repository: Path) -> None:
    text = (repository / "ARCHITECTURE.md").read_text()
    picture = text.split("```")[1]
    places = {name: _line_of(picture, name) for name in LEVEL if not name.startswith("_")}
    assert None not in places.values(), places
    for upper, lower in pairwise(LAYERS[1:-1]):
        for above, below in product(upper, lower):
            assert places[above] < places[below], f"{above} must be drawn above {below}"


def _line_of(picture: str, name: str) -> int | None:
    """Where a room is drawn: its name, with a slash behind it where it is a folder."""
    ending = "/" if (SOURCE / name).is_dir() else r"(?!\S)"
    for number, line in enumerate(picture.splitlines()):
        if re.search(rf"(?<!\S){name}{ending}", line):
            return number
    return None
