"""`frcnn data check` on the command line: what is printed, where, and the exit codes."""

import json
from pathlib import Path

import pytest
from PIL import Image

from frcnn.cli import app
from frcnn.errors import ConfigError

GOOD, BAD = "a.jpg,1,1,9,9,cat\n", "a.jpg,9,9,1,1,cat\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A data set of one picture in CSV layout."""
    (tmp_path / "set").mkdir()
    Image.new("RGB", (20, 10)).save(tmp_path / "set" / "a.jpg")
    (tmp_path / "set" / "train.csv").write_text(GOOD)
    return tmp_path / "set"


def check(*words: object) -> int:
    return app.run(["data", "check", *map(str, words)])


def test_golden(table: Path, capsys) -> None:
    assert check(table, "--strict") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(
        f"csv in {table}\n  train: 1 picture (0 without objects), 1 box\n"
    )
    assert "0 errors, 1 warning\n  warning  RC226       1 x a class with few boxes" in printed.out
    assert printed.err == ""


def test_errors_end_with_3_only_if_strict(table: Path, capsys) -> None:
    (table / "train.csv").write_text(GOOD + BAD)
    assert check(table) == 0
    assert capsys.readouterr().err == ""
    assert check(table, "--strict") == 3
    printed = capsys.readouterr()
    assert "1 error, 1 warning; 1 box dropped" in printed.out
    assert printed.err.startswith(f"error[RC207] {table / 'train.csv'}:2: a box without area; got")
    assert len(printed.err.splitlines()) == 2


def test_data_that_cannot_be_used_ends_with_3_anyway(table: Path, tmp_path: Path, capsys) -> None:
    (table / "train.csv").write_text(BAD)
    (table / "classes.csv").unlink(missing_ok=True)
    assert check(table, "--report", tmp_path / "found.json") == 3
    printed = capsys.readouterr()
    assert "the data cannot be used" in printed.out
    assert printed.err.startswith("error[RC222]")
    assert json.loads((tmp_path / "found.json").read_text())["usable"] is False


def test_json_alone_on_stdout(table: Path, capsys) -> None:
    (table / "train.csv").write_text(GOOD + BAD)
    assert check(table, "--json", "--strict", "--layout", "csv") == 3
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"RC207": 1, "RC226": 1}
    assert found["classes"] == {"cat": 1}


def test_a_repaired_copy(table: Path, tmp_path: Path, capsys) -> None:
    (table / "train.csv").write_text(GOOD + BAD)
    out = tmp_path / "mended"
    assert check(table, "--fix", out, "--no-pictures", "-q") == 0
    assert f"repaired copy: csv in {out}" in capsys.readouterr().out
    assert check(out, "--strict") == 0
    assert (out / "repairs.jsonl").read_text().count("\n") == 1
    assert check(table, "--fix", tmp_path / "coco", "--to", "coco", "-q") == 0
    assert "repaired copy: coco in" in capsys.readouterr().out


def test_a_list_of_bad_pictures(table: Path, tmp_path: Path, capsys) -> None:
    (table / "b.jpg").write_bytes(b"no picture")
    (table / "train.csv").write_text(GOOD + GOOD.replace("a.jpg", "b.jpg"))
    out = tmp_path / "bad.txt"
    assert check(table, "--quarantine", out, "-q") == 3
    printed = capsys.readouterr()
    assert f"1 picture that cannot be used: {out}\n" in printed.out
    assert printed.err.startswith("error[RC101]")
    assert "1 of 2 pictures are unusable" in printed.err
    assert out.read_text() == f"{table / 'b.jpg'}\n"


def test_golden_of_several_forms_one_is_named(tmp_path: Path, capsys) -> None:
    """Pixels where YOLO's shares are due: a centre or a corner, which nobody can tell."""
    root, out = tmp_path / "yolo", tmp_path / "mended"
    root.mkdir()
    for number in range(12):
        Image.new("RGB", (200, 150), (number, 0, 0)).save(root / f"{number}.png")
        (root / f"{number}.txt").write_text(f"0 {80 + number} 70 40 30\n")
    (root / "classes.txt").write_text("nut\n")
    assert check(root, "--fix", out, "-q") == 3
    printed = capsys.readouterr()
    assert "no copy was written" in printed.out
    assert printed.err.startswith(f"error[RC260] {root}: train: more than one form")
    assert check(root, "--fix", out, "--read-as", "x1 y1 x2 y2 in pixels", "-q") == 3
    assert "do not have the form that was named" in capsys.readouterr().err
    assert not out.exists()
    assert check(root, "--fix", out, "--read-as", "x y width height in pixels", "-q") == 0
    assert "12 boxes read anew" in capsys.readouterr().out
    assert (
        out / "labels" / "train" / "0.txt"
    ).read_text() == "0 0.500000 0.566667 0.200000 0.200000\n"
    assert check(out, "-q") == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--layout", "vok"),
        ("--shorter-side", "0"),
        ("--longer-side", "x"),
        ("--to", "coco"),
        ("--fix", "new", "--to", "cvat"),
        ("--read-as", "x y width height in pixels"),
        ("--fix", "new", "--read-as", "x y"),
    ],
)
def test_wrong_in(table: Path, words: tuple[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        check(table, *words)
    assert caught.value.exit_code == 2
