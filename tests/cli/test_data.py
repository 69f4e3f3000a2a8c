"""`frcnn data convert`."""

import json
from pathlib import Path

import pytest

from frcnn.cli import app
from frcnn.errors import ConfigError

ROW = "a.jpg,1,1,9,9,cat\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A data set of one picture in CSV layout."""
    from PIL import Image

    (tmp_path / "set").mkdir()
    Image.new("RGB", (20, 10)).save(tmp_path / "set" / "a.jpg")
    (tmp_path / "set" / "train.csv").write_text(ROW)
    return tmp_path / "set"


def test_golden(table: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new"
    assert app.run(["data", "convert", str(table), "--to", "coco", "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"coco in {out}: train 1 picture with 1 box")
    assert (out / "annotations" / "instances_train.json").is_file()


def test_json(table: Path, tmp_path: Path, capsys) -> None:
    words = ["--to", "yolo", "--out", str(tmp_path / "new"), "--json", "--layout", "csv"]
    assert app.run(["data", "convert", str(table), *words]) == 0
    assert json.loads(capsys.readouterr().out)["boxes"] == {"train": 1}


@pytest.mark.parametrize(("words", "missing"), [([], "--to"), (["--to", "voc"], "--out")])
def test_wrong_in_what_is_missing(words: list[str], missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        app.run(["data", "convert", "x", *words])
    assert caught.value.code == "RC303"
    assert caught.value.place.endswith(missing)
