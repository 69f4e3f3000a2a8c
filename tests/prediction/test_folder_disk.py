"""predict_folder and the disk: what is in the way, what is the user's, which fault is told."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from frcnn.errors import ConfigError, DiskError, ModelFileError
from frcnn.prediction import folder
from frcnn.prediction.folder import Order, predict_folder
from frcnn.prediction.predictor import Detector
from frcnn.prediction.sources import expand


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(out=tmp_path / "out", save=("images", "json", "csv"), about={"weights": "test"})


def pictures_of(out: Path) -> list[dict]:
    return json.loads((out / "predictions.json").read_text())["pictures"]


def tree(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_folder_that_cannot_be_made(detector: Detector, photos: Path) -> None:
    order = Order(out=photos / "a.png" / "out")
    with pytest.raises(DiskError, match="RC60"):
        predict_folder(detector, expand([photos]), order, pytest.fail)


@pytest.mark.parametrize("name", ["pictures", "predictions.json", "predictions.csv"])
@pytest.mark.parametrize("resume", [False, True])
def test_a_file_of_the_users_is_never_written_over(
    detector: Detector, photos: Path, order: Order, name: str, resume: bool
) -> None:
    order.out.mkdir()
    (order.out / name).write_text("mine")
    with pytest.raises(ConfigError, match=rf"RC372.*got {name}, want a new folder"):
        predict_folder(detector, expand([photos]), replace(order, resume=resume), pytest.fail)
    assert tree(order.out) == {name: b"mine"}


def test_pictures_of_the_users_are_not_taken_for_results(
    detector: Detector, photos: Path, tmp_path: Path
) -> None:
    """A folder `pictures` in the folder of results: theirs, where we write no pictures."""
    shutil.copytree(photos, tmp_path / "pictures")
    with pytest.raises(ConfigError, match="RC372"):
        predict_folder(detector, expand([tmp_path]), Order(out=tmp_path))
    order = Order(out=tmp_path, save=("json",))
    mine = expand([tmp_path / "pictures"])
    assert predict_folder(detector, mine, order).done == len(mine.pictures) == 5
    assert predict_folder(detector, mine, replace(order, resume=True)).resumed == 5


def test_the_first_fault_is_told(
    detector: Detector, photos: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = DiskError("RC601", "out", "no space", fix="free some")

    def refuse(*_: object) -> None:
        raise full

    monkeypatch.setattr(folder, "write_picture", refuse)
    monkeypatch.setitem(folder.FORMS, "json", lambda *_: refuse())
    with pytest.raises(DiskError) as caught:
        predict_folder(detector, expand([photos]), order)
    assert caught.value is full


def test_a_broken_network_ends_the_run(
    detector: Detector, photos: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ModelFileError("RC520", "the network", "not finite", fix="other weights")

    monkeypatch.setattr(Detector, "look", broken)
    with pytest.raises(ModelFileError):
        predict_folder(detector, expand([photos]), order)
    assert pictures_of(order.out) == []
