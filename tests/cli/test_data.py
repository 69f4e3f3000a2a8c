"""`frcnn data convert`, `split` and `show`."""

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


@pytest.fixture
def ten(table: Path) -> Path:
    """Ten pictures of one class, two of each scan."""
    from PIL import Image

    rows = []
    for number in range(10):
        name = f"scan{number // 2}_{number}.jpg"
        Image.new("RGB", (20, 10), (number * 20, 0, 0)).save(table / name)
        rows.append(f"{name},1,1,9,9,cat\n")
    (table / "train.csv").write_text("".join(rows))
    return table


def test_golden_split(ten: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new"
    words = ["--out", str(out), "--shares", "train=0.6,valid=0.4", "--seed", "3"]
    assert app.run(["data", "split", str(ten), *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "10 pictures (train 10) in 10 groups, seed 3"
    assert f"csv in {out}: train 6 pictures with 6 boxes, val 4 pictures with 4 boxes" in lines
    assert len((out / "val.csv").read_text().splitlines()) == 5


def test_split_by_groups_as_json(ten: Path, tmp_path: Path, capsys) -> None:
    words = ["--out", str(tmp_path / "new"), "--group-by", "prefix:(scan.)", "--json"]
    assert app.run(["data", "split", str(ten), *words, "--to", "coco"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["groups"], answer["layout"]) == (5, "coco")
    assert all(count % 2 == 0 for count in answer["pictures"].values())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "RC303"),
        (["--out", "x", "--shares", "train=0.5"], "RC324"),
        (["--out", "x", "--group-by", "patient"], "RC374"),
        (["--out", "x", "--group-by", "prefix:scan"], "RC375"),
        (["--out", "x", "--group-by", "folder"], "RC376"),
    ],
)
def test_wrong_in_split(
    ten: Path, tmp_path: Path, monkeypatch, words: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=code):
        app.run(["data", "split", str(ten), *words])
    assert not Path("x").exists()


def test_golden_show(ten: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert app.run(["data", "show", str(ten)]) == 0
    assert capsys.readouterr().out == "10 of 10 pictures on set_labels.png\n"
    words = ["--class", "cat", "--pictures", "3", "--per-sheet", "2", "--out", "a.png", "--json"]
    assert app.run(["data", "show", str(ten), *words]) == 0
    assert json.loads(capsys.readouterr().out)["sheets"] == ["a_1.png", "a_2.png"]
    Path("options.yaml").write_text("class: cat\npictures: 1\n")
    assert app.run(["data", "show", str(ten), "--config", "options.yaml", "-q"]) == 0
    assert capsys.readouterr().out.startswith("1 of 10")


def test_wrong_in_show(ten: Path) -> None:
    with pytest.raises(ConfigError, match="RC377"):
        app.run(["data", "show", str(ten), "--class", "owl", "--out", "a.png"])


def test_golden_tile(ten: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new"
    words = ["--out", str(out), "--tile", "16", "--tile-overlap", "0.5", "--to", "yolo", "-q"]
    assert app.run(["data", "tile", str(ten), *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tiles of 16 pixels, 8 of them in common with each neighbour"
    assert f"yolo in {out}: train 20 pictures with 20 boxes" in lines
    assert len(list((out / "images" / "train").iterdir())) == 20


def test_tile_as_json(ten: Path, tmp_path: Path, capsys) -> None:
    words = ["--out", str(tmp_path / "new"), "--tile", "16", "--only-with-objects", "--json"]
    assert app.run(["data", "tile", str(ten), *words, "--least-visible", "0.7"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["tile"], answer["least_visible"], answer["only_with_objects"]) == (16, 0.7, True)
    assert answer["pictures"] == {"train": 10}
    assert answer["tiles"]["train"]["empty_left_out"] == 10


@pytest.mark.parametrize(
    ("words", "code", "place"),
    [
        ([], "RC303", "--tile"),
        (["--tile", "64"], "RC303", "--out"),
        (["--tile", "8", "--out", "x"], "RC305", "--tile"),
        (["--tile", "9000", "--out", "x"], "RC305", "--tile"),
        (["--tile", "64.5", "--out", "x"], "RC304", "--tile"),
        (["--tile", "64", "--out", "x", "--tile-overlap", "1"], "RC305", "--tile-overlap"),
        (["--tile", "64", "--out", "x", "--least-visible", "1.5"], "RC305", "--least-visible"),
        (["--tile", "64", "--out", "x", "--to", "kitti"], "RC304", "--to"),
        (["--tile", "64", "--out", "set"], "RC331", "set"),
    ],
)
def test_wrong_in_tile(
    ten: Path, tmp_path: Path, monkeypatch, words: list[str], code: str, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=code) as caught:
        app.run(["data", "tile", str(ten), *words])
    assert caught.value.place.endswith(place)
    assert not Path("x").exists()
