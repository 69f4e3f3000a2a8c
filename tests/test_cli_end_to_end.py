"""The command as a person calls it: train, eval, predict, and every way of going wrong.

Three processes of its own, as each spends two seconds on importing torch; all else calls the same
`main` in this process. No test stands in for the library below the command line.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from frcnn import cli
from frcnn.data.proposals import StoredProposals
from frcnn.run_folder import RunFolder
from frcnn.weights.file import read_header

Say = Callable[..., "Ended"]


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def process(*words: str, cwd: Path) -> Ended:
    """Call `frcnn` in a process of its own; a warning is an error there, too."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "frcnn", *words],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the person works in."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def small(tiny: tuple[str, ...]) -> list[str]:
    """Options of a training of two steps from random numbers."""
    pairs = (*tiny, "training.schedule.steps=2")
    words = ["--model", "resnet18", "--backbone-weights", "none", "--device", "cpu"]
    return [*words, *(word for pair in pairs for word in ("--set", pair))]


@pytest.fixture(scope="module")
def trained(home: Path, rectangles: Path, small: list[str]) -> Ended:
    """`frcnn train`, its answer as JSON."""
    return process("train", "--data", str(rectangles), *small, "--json", cwd=home)


@pytest.fixture(scope="module")
def run(home: Path, trained: Ended) -> Path:
    """The run folder that it made."""
    return home / json.loads(trained.out)["run"]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Call the command in this process."""
    monkeypatch.chdir(home)

    def call(*words: str) -> Ended:
        capsys.readouterr()
        code = cli.main(list(words))
        return Ended(code, *capsys.readouterr())

    return call


def fault_of(ended: Ended, exit_code: int) -> str:
    """The code of the one error that was printed, in two lines, the last of all."""
    assert ended.code == exit_code, ended
    assert ended.out == ""
    assert "Traceback" not in ended.err
    first, second = ended.err.splitlines()[-2:]
    found = re.fullmatch(r"error\[(RC\d{3})\] (\S.*): (\S.*)", first)
    assert found, ended.err
    assert re.fullmatch(r"  fix: \S.*", second)
    assert ended.err.count("error[") == 1
    return found[1]


# --- all goes well


def test_train_answers_in_json_alone(trained: Ended, run: Path) -> None:
    assert trained.code == 0, trained.err
    answer = json.loads(trained.out)
    assert answer["run"] == "runs/rectangles-001"
    assert answer["figures"] == read_header(run / "best.safetensors").extra["figures"]
    assert "10 pictures to train on" in trained.err
    assert "step 2/2" in trained.err
    assert (run / "MODEL_CARD.md").is_file()


def test_eval_returns_what_training_printed(home: Path, run: Path) -> None:
    ended = process("eval", "runs/latest", "--split", "val", "--metric", "voc07", cwd=home)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("VOC07 mAP 0.")
    assert read_header(run / "best.safetensors").extra["table"] in ended.out
    assert (run / "eval" / "val" / "metrics.json").is_file()


def test_eval_of_proposals_answers_in_json_alone(home: Path, run: Path) -> None:
    words = ("eval", "runs/latest", "--split", "val", "--metric", "proposals", "--json")
    ended = process(*words, cwd=home)
    assert ended.code == 0, ended.err
    answer = json.loads(ended.out)
    assert answer["value"] == answer["figures"]["AR_300"]
    folder = run / "eval" / "val-proposals"
    written = json.loads((folder / "metrics.json").read_text())
    assert answer.items() >= written.items()
    assert (folder / "recall_over_iou.png").is_file()


def test_propose_stores_the_training_pictures(say: Say, home: Path, run: Path) -> None:
    ended = say("propose", str(run), "--out", "p.safetensors", "--proposals", "7", "--json")
    assert ended.code == 0, ended.err
    answer = json.loads(ended.out)
    stored = StoredProposals.open(home / answer["path"])
    assert (answer["pictures"], answer["split"]) == (len(stored), "train")
    assert answer["boxes"] == stored.boxes
    ended = say("propose", str(run), "--out", "p.pkl", "--format", "pickle", "--split", "val")
    assert ended.code == 0, ended.err
    assert re.match(r"\d+ boxes in 3 pictures of val, .*\nsaved in p\.pkl\n$", ended.out)


def test_predict_with_a_bad_picture_and_strict(home: Path, run: Path, rectangles: Path) -> None:
    photos = home / "photos"
    photos.mkdir()
    for name in ("val00", "val01"):
        Image.open(rectangles / "JPEGImages" / f"{name}.png").save(photos / f"{name}.jpg")
    (photos / "torn.jpg").write_bytes((photos / "val00.jpg").read_bytes()[:200])
    before = {p.name: p.read_bytes() for p in photos.iterdir()}

    ended = process("predict", str(run), "photos", "--strict", "--save", "csv", "-q", cwd=home)
    assert ended.code == 3, ended
    assert re.fullmatch(r"error\[RC1.*\n  fix: .*\n", ended.err)
    assert ended.out.startswith("2 pictures, ")
    assert "1 skipped:\n  RC1" in ended.out
    assert "photos/torn.jpg" in ended.out
    assert ended.out.endswith("saved runs/predict-001/predictions.csv\n")
    assert {p.name: p.read_bytes() for p in photos.iterdir()} == before
    assert RunFolder.open(home / "runs" / "latest").path == run.resolve()


class TestWithoutStrict:
    def test_a_bad_picture_costs_a_line(self, say: Say, run: Path, tmp_path: Path) -> None:
        Image.new("RGB", (30, 20)).save(tmp_path / "good.png")
        (tmp_path / "bad.png").write_bytes(b"")
        out = tmp_path / "out"
        ended = say("predict", str(run), str(tmp_path), "--out", str(out), "--json")
        assert ended.code == 0
        answer = json.loads(ended.out)
        assert (answer["pictures"], len(answer["failures"])) == (1, 1)
        assert answer["failures"][0]["place"] == str(tmp_path / "bad.png")
        assert "skipped: " in ended.err

    def test_not_one_good_picture(self, say: Say, run: Path, tmp_path: Path) -> None:
        (tmp_path / "bad.png").write_bytes(b"no picture")
        out = str(tmp_path / "out")
        ended = say("predict", str(run), str(tmp_path / "bad.png"), "--out", out, "-q")
        assert (ended.code, ended.err[:12]) == (3, "error[RC101]")
        assert ended.out.startswith("0 pictures, 0 objects\n1 skipped:\n  RC1")
        again = say("predict", str(run), str(tmp_path / "bad.png"), "--out", out, "-q", "--resume")
        assert again.code == 3, "they are no better when the run goes on"

    @pytest.mark.parametrize("source", ["nowhere.jpg", "*.webp", "."])
    def test_no_picture_at_all(self, say: Say, run: Path, tmp_path: Path, source: str) -> None:
        out = tmp_path / "out"
        ended = say("predict", str(run), str(tmp_path / source), "--out", str(out), "-q")
        assert fault_of(ended, 3) == "RC114"
        assert ended.out == ""
        assert not out.exists()


# --- what goes wrong


def test_a_setting_that_does_not_exist(say: Say, rectangles: Path) -> None:
    words = ["--backbone-weights", "none", "--set", "training.sed=1"]
    ended = say("train", "--data", str(rectangles), *words)
    assert fault_of(ended, 2) == "RC344"
    assert "training.seed" in ended.err, "the nearest one is named"


def test_no_such_split(say: Say, run: Path, rectangles: Path) -> None:
    ended = say("eval", str(run), "--data", str(rectangles), "--split", "tset")
    assert fault_of(ended, 2) == "RC320"


def test_a_folder_without_data(say: Say, tmp_path: Path) -> None:
    ended = say("train", "--data", str(tmp_path), "--backbone-weights", "none")
    assert fault_of(ended, 3).startswith("RC2")
    assert str(tmp_path) in ended.err


def test_a_loss_that_is_not_finite(
    say: Say, rectangles: Path, small: list[str], tmp_path: Path
) -> None:
    wild = ["--set", "training.optimizer.learning_rate=1e30", "--out", str(tmp_path), "-q"]
    ended = say("train", "--data", str(rectangles), *small, *wild)
    assert fault_of(ended, 4).startswith("RC40")


def test_a_damaged_model_file(say: Say, run: Path, rectangles: Path, tmp_path: Path) -> None:
    content = bytearray((run / "best.safetensors").read_bytes())
    content[-9] ^= 4
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(content)
    ended = say("eval", str(damaged), "--data", str(rectangles))
    assert fault_of(ended, 5) == "RC505"
    assert str(damaged) in ended.err


def test_data_of_other_classes(say: Say, run: Path, rectangles: Path, tmp_path: Path) -> None:
    for part in ("JPEGImages/val00.png", "Annotations/val00.xml"):
        target = tmp_path / part
        target.parent.mkdir()
        target.write_bytes((rectangles / part).read_bytes().replace(b">red<", b">rde<"))
    ended = say("eval", str(run), "--data", str(tmp_path))
    assert fault_of(ended, 3) == "RC214"
    assert "red" in ended.err


def test_a_place_that_cannot_be_written(say: Say, rectangles: Path, small: list[str]) -> None:
    Path("note").write_text("mine")
    ended = say("train", "--data", str(rectangles), *small, "--out", "note/runs")
    assert fault_of(ended, 6).startswith("RC60")
    assert Path("note").read_text() == "mine"


def test_errors_in_json_too(say: Say, tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    Image.new("RGB", (8, 8)).save(picture)
    ended = say("predict", str(tmp_path / "gone.safetensors"), str(picture), "--json")
    assert ended.code == 5
    assert json.loads(ended.out)["code"] == "RC501"
    assert fault_of(ended._replace(out=""), 5) == "RC501"
