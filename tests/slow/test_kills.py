"""Real processes, really killed: `frcnn train` goes on to the very bit where it was (D04, D05).

Three kills in the default run, fifty in the slow one, at random instants of short runs, a third of
them at named points inside a save. Every run is resumed until it ends, and then compared with one
that was never disturbed.
"""

import json
import random
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn import files
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.training.log import CLOCKS, Diary
from frcnn.weights import file as weights_file

KILLED = -signal.SIGKILL
SAVES = 7  # of a run of six steps: its start, and one after each
POINTS = ("before_write", "mid_write", *files.POINTS[1:], "before_prune")
Server = Any  # tests/slow/conftest.py


@dataclass
class Reference:
    """The undisturbed run, and the words that start one like it."""

    words: list[str]
    run: RunFolder
    seconds: float


def start_words(data: Path, tiny: Sequence[str], out: Path) -> list[str]:
    words = ["train", "--data", str(data), "--out", str(out), "--backbone-weights", "none"]
    words += ["--model", "resnet18", "--device", "cpu"]
    for setting in (*tiny, "training.checkpoint.minutes=0"):
        words += ["--set", setting]
    return words


@pytest.fixture(scope="module")
def reference(
    server: Server,
    rectangles: Path,
    tiny: Sequence[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Reference:
    """A run of six steps that nobody disturbs."""
    out = tmp_path_factory.mktemp("reference")
    words = start_words(rectangles, tiny, out)
    began = time.monotonic()
    process = server.start(words)
    assert process.wait() == 0, process.log
    return Reference(words, RunFolder(out / "rectangles-001"), time.monotonic() - began)


def words_for(reference: Reference, out: Path, number: int = 0) -> list[str]:
    """Start anew, or go on with the newest run that has begun; every other run has readers."""
    begun = [path for path in sorted(out.glob("rectangles-*")) if (path / "config.yaml").exists()]
    if begun:
        return ["train", "--resume", str(begun[-1]), "--device", "cpu"]
    words = list(reference.words)
    words[words.index("--out") + 1] = str(out)
    return [*words, "--workers", "2"] if number % 2 else words


def assert_same(one: RunFolder, other: RunFolder) -> None:
    """Weights, average, optimizer, figures: to the bit; the diary: but for its clocks."""
    (header, tensors), (other_header, others) = (
        weights_file.load(checkpoint.checkpoints(run)[0]) for run in (one, other)
    )
    for each in (header, other_header):
        del each.extra["training"]["batches"]["workers"]  # type: ignore[attr-defined]
    assert header.extra == other_header.extra
    assert tensors.keys() == others.keys()
    assert {"model", "average", "optimizer"} == {name.split(".")[0] for name in tensors}
    assert all(torch.equal(tensors[name], others[name]) for name in tensors)
    diary, other_diary = Diary(one), Diary(other)
    assert [row["step"] for row in other_diary.steps()] == [1, 2, 3, 4, 5, 6]
    for part in ("steps", "evaluations"):
        rows = [getattr(each, part)() for each in (diary, other_diary)]
        bare = [[{**row, **dict.fromkeys(CLOCKS)} for row in each] for each in rows]
        assert bare[0] == bare[1]
    for name in ("best", "last", "model_card"):
        first, second = getattr(one, name).read_bytes(), getattr(other, name).read_bytes()
        assert first == second.replace(other.path.name.encode(), one.path.name.encode())
    assert not list(other.path.rglob("*.tmp"))
    assert len(checkpoint.checkpoints(other)) == 2


@dataclass
class Tally:
    """What the kills hit."""

    kills: int = 0
    inside: int = 0
    runs: int = 0

    def take(self, process: Any) -> None:
        self.kills += 1
        self.inside += process.is_saving


def kill_at(
    server: Server, reference: Reference, out: Path, at: tuple[int, str], tally: Tally
) -> int:
    """Start or go on, and kill at a point inside the n-th save, if it comes to that."""
    process = server.start(words_for(reference, out, tally.runs), at=at)
    return ended(process, tally)


def kill_after(
    server: Server, reference: Reference, out: Path, dice: random.Random, tally: Tally
) -> int:
    """Start or go on, and kill at an instant in the time that a whole run takes."""
    process = server.start(words_for(reference, out, tally.runs))
    time.sleep(dice.uniform(0, reference.seconds))
    process.signal(signal.SIGKILL)
    return ended(process, tally)


def ended(process: Any, tally: Tally) -> int:
    code: int = process.wait()
    assert code in (0, KILLED), process.log
    if code == KILLED:
        tally.take(process)
    return code


@pytest.mark.parametrize(
    ("kills", "inside"), [(3, 1), pytest.param(50, 10, marks=pytest.mark.slow)]
)
@pytest.mark.timeout(1800)
def test_d04_d05_killed_at_random_it_ends_the_same(
    server: Server, reference: Reference, tmp_path: Path, kills: int, inside: int
) -> None:
    dice, tally = random.Random(kills), Tally()
    began = time.monotonic()
    while tally.kills < kills:
        out = tmp_path / f"runs-{tally.runs}"
        out.mkdir()
        code, most = KILLED, min(kills, tally.kills + 4)  # each run is killed four times at most
        while code == KILLED and tally.kills < most:
            if kills - tally.kills <= inside - tally.inside:  # so many must be inside a save
                code = kill_at(server, reference, out, (1, dice.choice(POINTS)), tally)
            elif dice.random() < 1 / 3:
                point = dice.randint(1, SAVES), dice.choice(POINTS)
                code = kill_at(server, reference, out, point, tally)
            else:
                code = kill_after(server, reference, out, dice, tally)
        if code == KILLED:
            process = server.start(words_for(reference, out))
            assert process.wait() == 0, process.log
        assert_same(reference.run, RunFolder(sorted(out.glob("rectangles-*"))[-1]))
        tally.runs += 1
        shutil.rmtree(out)
    seconds = time.monotonic() - began
    print(f"{tally} in {seconds:.0f} s; undisturbed run {reference.seconds:.1f} s")
    assert tally.inside >= inside


def until(condition: Callable[[], object], process: Any) -> None:
    """Wait for something to happen in a process."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(process.log)


def lines(out: Path) -> int:
    found = list(out.glob("rectangles-*/metrics.jsonl"))
    return found[0].read_bytes().count(b"\n") if found else 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_d07_a_signal_ends_the_step_saves_and_tells_how_to_go_on(
    server: Server, reference: Reference, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = server.start(words_for(reference, tmp_path))
    until(lambda: lines(tmp_path) >= 2, process)
    process.signal(number)
    assert process.wait() == code
    run = RunFolder(tmp_path / "rectangles-001")
    assert f"go on with: frcnn train --resume {run.path}" in process.log
    assert "Traceback" not in process.log
    last = json.loads(run.metrics_jsonl.read_text().splitlines()[-1])["step"]
    assert checkpoint.checkpoints(run)[0].stem == f"step-{last:09}"
    assert last < 6
    assert (run.plots / "curves.png").exists()
    process = server.start(words_for(reference, tmp_path))
    assert process.wait() == 0, process.log
    assert_same(reference.run, run)


def test_c05_a_second_trainer_is_refused(
    server: Server, reference: Reference, tmp_path: Path
) -> None:
    first = server.start(words_for(reference, tmp_path))
    until(lambda: lines(tmp_path) >= 1, first)
    first.signal(signal.SIGSTOP)
    second = server.start(words_for(reference, tmp_path))
    assert second.wait() == 6
    assert "error[RC605]" in second.log
    assert f"pid {first.pid}" in second.log
    first.signal(signal.SIGCONT)
    assert first.wait() == 0, first.log
    assert_same(reference.run, RunFolder(tmp_path / "rectangles-001"))


def test_c02_a_full_disk_ends_with_6_and_the_run_goes_on_later(
    server: Server, reference: Reference, tmp_path: Path
) -> None:
    full = server.start(words_for(reference, tmp_path), limit=2_000_000)
    assert full.wait() == 6
    assert "error[RC601]" in full.log
    assert "MiB or more" in full.log
    assert "Traceback" not in full.log
    process = server.start(words_for(reference, tmp_path))
    assert process.wait() == 0, process.log
    assert_same(reference.run, RunFolder(tmp_path / "rectangles-001"))


def test_c01_a_folder_that_cannot_be_written_to_is_found_before_any_step(
    server: Server, reference: Reference, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "rectangles-001")
    shutil.copytree(reference.run.path, run.path)
    for path in checkpoint.checkpoints(run)[:1]:
        path.unlink()  # there is something left to train
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    anew = list(reference.words)
    anew[anew.index("--out") + 1] = str(tmp_path)
    for words in (anew, words_for(reference, tmp_path)):
        process = server.start(words, read_only=tmp_path)
        code = process.wait()
        if code == 98:
            pytest.skip("no folder can be made read-only here")
        assert code == 6, process.log
        assert "error[RC602]" in process.log
        assert "Traceback" not in process.log
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
