"""The kinds of results: each has a name; forms are strict, whole or absent, and stream."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from frcnn import files
from frcnn.errors import DiskError
from frcnn.prediction.forms.results import Picture, Results
from frcnn.prediction.writers import FORMS, NAMES, Kind

ITEM = {"label": 1, "name": "nut", "score": 0.9, "box": [1.0, 2.0, 3.5, 4.0]}
ROW = {"path": "a.png", "width": 8, "height": 6, "notes": [], "objects": [ITEM, ITEM]}
PICTURES = [
    Picture({**ROW, "path": f"p/{stem}.png"}, inside=f"{stem}.png", stem=stem) for stem in "abc"
]


def results_of(*pictures: Picture) -> Results:
    return Results(
        run={"weights": "r/best.safetensors", "sha256": "0" * 64},
        classes=("bolt", "nut"),
        category_ids=(7, 9),
        pictures=lambda: iter(pictures),
        problems=lambda: iter(()),
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_kind_has_a_name_of_its_own() -> None:
    assert tuple(NAMES) == get_args(Kind)
    assert len(set(NAMES.values())) == len(NAMES)
    assert set(FORMS) < set(NAMES)


@pytest.mark.parametrize("kind", FORMS)
def test_the_same_results_give_the_same_bytes(kind: Kind, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert FORMS[kind](tmp_path / name / "x", results_of(*PICTURES)) == []
    assert tree(tmp_path / "one") == tree(tmp_path / "two") != {}


@pytest.mark.parametrize("kind", FORMS)
def test_results_of_no_picture(kind: Kind, tmp_path: Path) -> None:
    assert FORMS[kind](tmp_path / "x", results_of()) == []
    for path in (p for p in tmp_path.rglob("*.json")):
        json.loads(path.read_text())


@pytest.mark.parametrize("kind", FORMS)
def test_pictures_are_taken_one_by_one(kind: Kind, tmp_path: Path) -> None:
    """Results of a million pictures need not fit into memory."""
    alive: list[int] = []

    def pictures() -> Iterator[Picture]:
        for number in range(400):
            alive.append(sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()))
            name = f"{number:04}"
            yield Picture({**ROW, "objects": [ITEM] * 40}, inside=f"{name}.png", stem=name)

    results = results_of()
    object.__setattr__(results, "pictures", pictures)
    FORMS[kind](tmp_path / "x", results)
    assert max(alive) > min(alive)  # bytes reach the disk while pictures still come


@pytest.mark.parametrize("kind", ["json", "jsonl", "coco", "label-studio"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_json_has_not_leaves_the_old_file(kind: Kind, bad: float, tmp_path: Path) -> None:
    FORMS[kind](tmp_path / "x", results_of(*PICTURES))
    before = tree(tmp_path)
    row = {**ROW, "objects": [{**ITEM, "score": bad}]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        FORMS[kind](tmp_path / "x", results_of(*PICTURES, Picture(row, inside="d.png", stem="d")))
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("point", files.POINTS[:3])
def test_killed_anywhere_every_file_is_whole(
    kind: Kind, point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FORMS[kind](tmp_path / "x", results_of(PICTURES[0]))
    before = tree(tmp_path)

    def end(reached: str) -> None:
        if reached == point:
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "hooks", [end])
    with pytest.raises(KeyboardInterrupt):
        FORMS[kind](tmp_path / "x", results_of(*PICTURES))
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kind", FORMS)
def test_a_place_that_cannot_be_written(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskError):
        FORMS[kind](tmp_path / "file" / "x", results_of(*PICTURES))
    assert os.listdir(tmp_path) == ["file"]
