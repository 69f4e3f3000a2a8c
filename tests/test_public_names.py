"""The public names are what they were, and each can be fetched."""

import importlib
import re
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import frcnn

PUBLIC = [
    "Dataset",
    "Detector",
    "FrcnnError",
    "Result",
    "__version__",
    "check",
    "evaluate",
    "load",
    "propose",
    "train",
]
ROOMS = [
    "data",
    "errors",
    "evaluation",
    "model",
    "ops",
    "presets",
    "settings",
    "types",
    "weights",
]
OPS = {  # promised to people who want the parts
    "boxes": ["area", "clip", "iou"],
    "deltas": ["decode", "encode"],
    "matching": ["match", "sample_balanced"],
    "nms": ["nms", "nms_by_group"],
    "roi": ["roi_align", "roi_pool", "roi_warp"],
}
STAGES = {
    "anchors": ["anchor_grid", "cell_anchors"],
    "anchor_labels": ["label_anchors"],
    "proposals": ["propose"],
    "roi_sampling": ["sample_regions"],
    "roi_pooling": ["pool_regions"],
    "postprocess": ["postprocess"],
    "faster_rcnn": ["FasterRCNN", "FasterRCNNConfig"],
}


def test_all_is_what_it_was() -> None:
    assert sorted(frcnn.__all__) == PUBLIC, "a public name came or went: say so in CHANGELOG.md"


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_can_be_fetched(name: str) -> None:
    assert getattr(frcnn, name) is getattr(frcnn, name)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_room_can_be_fetched(room: str) -> None:
    assert getattr(frcnn, room) is importlib.import_module(f"frcnn.{room}")


@pytest.mark.parametrize("room", ["ops", "model"])
def test_the_parts_are_public(room: str) -> None:
    for module, names in {"ops": OPS, "model": STAGES}[room].items():
        home = importlib.import_module(f"frcnn.{room}.{module}")
        assert not [name for name in names if not hasattr(home, name)], module


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(AttributeError, match="no attribute 'detect'"):
        frcnn.detect  # noqa: B018  # the look-up is the test


def test_dir_lists_them() -> None:
    assert set(PUBLIC) | set(ROOMS) <= set(dir(frcnn))


def test_the_version_stands_in_one_place(repository: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", frcnn.__version__)
    assert f"## [{frcnn.__version__}]" in (repository / "CHANGELOG.md").read_text()


def test_installed_as_frcnn() -> None:
    command = [e for e in entry_points(group="console_scripts") if e.name == "frcnn"]
    if not command:
        pytest.skip("frcnn is not installed, only on the path")
    assert version("frcnn") == frcnn.__version__
    assert command[0].value == "frcnn.cli:main"
