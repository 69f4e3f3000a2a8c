"""Alternating training, really killed in each of its four steps, goes on to the very bit (D04).

Two kills in the default run, fifty in the slow one, spread over the four steps. Every run is
resumed until it ends, and then compared, step by step, with one that was never disturbed.
"""

import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn.data.proposals import StoredProposals
from frcnn.run_folder import RunFolder
from frcnn.training.log import CLOCKS, Diary
from frcnn.weights import file as weights_file

KILLED = -signal.SIGKILL
MOST_OF_ONE_RUN = 5
Server = Any  # tests/slow/conftest.py


def words_for(data: Path, tiny: Sequence[str], out: Path) -> list[str]:
    """Start anew, or go on with the run that has begun."""
    begun = [path for path in sorted(out.glob("rectangles-*")) if (path / "config.yaml").exists()]
    if begun:
        return ["train", "--resume", str(begun[-1]), "--device", "cpu"]
    words = ["train", "--data", str(data), "--out", str(out), "--backbone-weights", "none"]
    words += ["--model", "resnet18", "--device", "cpu", "--scheme", "alternating"]
    for setting in (*tiny, "training.checkpoint.minutes=0", "training.schedule.steps=4"):
        words += ["--set", setting]
    return words


def folders(out: Path) -> list[RunFolder]:
    """Of the four steps; the last one's is the run folder itself."""
    run = sorted(out.glob("rectangles-*"))[-1]
    return [*(RunFolder(run / f"step-{n}") for n in (1, 2, 3)), RunFolder(run)]


def step_at(out: Path) -> int:
    """The step that a killed run was in, 0 before the first."""
    begun = [n for n, run in enumerate(folders(out), 1) if run.metrics_jsonl.exists()]
    return max(begun, default=0)


def assert_same(out: Path, other: Path) -> None:
    for one, two in zip(folders(out), folders(other), strict=True):
        (header, tensors), (other_header, others) = (
            weights_file.load(run.last) for run in (one, two)
        )
        assert header.extra == other_header.extra
        assert tensors.keys() == others.keys()
        assert all(torch.equal(tensors[name], others[name]) for name in tensors)
        for part in ("steps", "evaluations"):
            rows = [getattr(Diary(run), part)() for run in (one, two)]
            bare = [[{**row, **dict.fromkeys(CLOCKS)} for row in each] for each in rows]
            assert bare[0] == bare[1]
    assert not list(other.rglob("*.tmp"))
    for number in (1, 3):
        one, two = (
            StoredProposals.open(folders(each)[number - 1].path / "proposals.safetensors")
            for each in (out, other)
        )
        assert len(one) == len(two) == 10
        for mine, theirs in zip(one, two, strict=True):
            assert torch.equal(mine.boxes, theirs.boxes)
            assert torch.equal(mine.scores, theirs.scores)


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.timeout(3600)
def test_d04_killed_in_any_of_the_four_steps_it_ends_the_same(
    server: Server, rectangles: Path, tiny: Sequence[str], tmp_path: Path, kills: int
) -> None:
    dice, hit = random.Random(kills), Counter[int]()
    whole = tmp_path / "whole"
    whole.mkdir()
    began = time.monotonic()
    process = server.start(words_for(rectangles, tiny, whole))
    assert process.wait() == 0, process.log
    seconds, runs = time.monotonic() - began, 0
    while hit.total() < kills:
        out = tmp_path / f"runs-{runs}"
        out.mkdir()
        code, left = KILLED, min(MOST_OF_ONE_RUN, kills - hit.total())
        while code == KILLED and left:
            process = server.start(words_for(rectangles, tiny, out))
            time.sleep(dice.uniform(0.1, 0.6) * seconds)
            process.signal(signal.SIGKILL)
            code = process.wait()
            assert code in (0, KILLED), process.log
            if code == KILLED:
                left -= 1
                hit[step_at(out) if list(out.glob("rectangles-*")) else 0] += 1
        if code == KILLED:
            process = server.start(words_for(rectangles, tiny, out))
            assert process.wait() == 0, process.log
        assert_same(whole, out)
        runs += 1
        shutil.rmtree(out)
    print(
        f"kills by step {dict(sorted(hit.items()))} over {runs} runs, {seconds:.1f} s undisturbed"
    )
    if kills >= 50:
        assert all(hit[step] for step in (1, 2, 3, 4)), hit
