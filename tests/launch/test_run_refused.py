"""What cannot work is said before a run folder is made, and `latest` stays where it leads."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from frcnn.errors import ConfigError, PictureError
from frcnn.launch.run import launch


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("training.precision=float16", "RC363"),
        ("model.classes=5", "RC359"),
        ("model.classes=1", "RC359"),
    ],
)
def test_settings_that_cannot_work(
    rectangles: Path, options: Callable, said: list[str], setting: str, code: str
) -> None:
    asked = options(setting, backbone_weights="none")
    with pytest.raises(ConfigError, match=code):
        launch(rectangles, asked, said.append)
    assert not list(asked["out"].rglob("*"))
    run = launch(rectangles, options(backbone_weights="none"), said.append).job.run
    with pytest.raises(ConfigError, match=code):  # it has no checkpoint yet
        launch(None, {"resume": run.path, "device": "cpu", "settings": [setting]}, said.append)


@pytest.mark.parametrize("kept", [4, -60])
def test_what_is_wrong_with_the_data_is_said_before_the_error(
    rectangles: Path, options: Callable, said: list[str], tmp_path: Path, kept: int
) -> None:
    """Two pictures cut short, within the header or behind it: more than one in a hundred."""
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    for name in ("train01", "train04"):
        path = root / "JPEGImages" / f"{name}.png"
        path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(PictureError, match="2 of 13 pictures are unusable"):
        launch(root, options(backbone_weights="none"), said.append)
    assert re.match(r"data: 2 errors, \d warnings; 2 pictures skipped\n", said[-1])
    assert not list((tmp_path / "runs").rglob("*"))


def test_the_number_of_classes_may_be_said_if_it_is_right(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    asked = options("model.classes=2", backbone_weights="none")
    assert launch(rectangles, asked, said.append).config.model.classes == 2


def test_a_number_format_is_refused_before_pictures_are_decoded(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    asked = options("training.precision=float16")
    with pytest.raises(ConfigError, match="RC363"):
        launch(rectangles, asked, said.append)
    assert not said
    assert not asked["out"].exists()
