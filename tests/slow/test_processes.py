"""D15 and restarts with real launchers: what one machine of two cores can show of many.

Every process is its own, started as a person would: by `--processes`, by torchrun, and by two
torchruns that meet over the loopback as two machines would.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import torch

from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.weights import file as weights_file

pytestmark = pytest.mark.slow
TORCHRUN = (sys.executable, "-m", "torch.distributed.run")
FRCNN = (sys.executable, "-m", "frcnn")
PATIENCE = 300.0


class Started:
    """A launcher, and what it and its processes say."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self.log = log
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "FRCNN_OFFLINE": "1"}
        environment["GLOO_SOCKET_IFNAME"] = "lo"
        with log.open("wb") as stream:
            self.process = subprocess.Popen(words, stdout=stream, stderr=stream, env=environment)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def rank(self, number: int) -> int:
        """The process id of one of its processes."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                parent = re.search(r"^PPid:\s+(\d+)$", status.read_text(), re.MULTILINE)
                around = (status.parent / "environ").read_bytes().split(b"\0")
            except OSError:  # it has just ended
                continue
            if parent and int(parent[1]) == self.process.pid and b"RANK=%d" % number in around:
                return int(status.parent.name)
        raise AssertionError(f"no process {number}: {self.said}")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Starts command lines: `start(*TORCHRUN, ...)`; whatever is left at the end is ended."""
    started: list[Started] = []

    def begin(*words: str) -> Started:
        started.append(Started(words, tmp_path / f"log-{len(started)}"))
        return started[-1]

    yield begin
    for each in started:
        each.process.terminate()
        each.process.wait(PATIENCE)


@pytest.fixture
def words(rectangles: Path, tiny: Sequence[str], tmp_path: Path) -> Callable[..., list[str]]:
    """Makes the words of a training into `tmp_path / NAME`: `words("a", "training.seed=1")`."""

    def make(name: str, *changes: str) -> list[str]:
        each = (*tiny, "training.batches.size=2", "training.checkpoint.minutes=0", *changes)
        return [
            *("train", "--data", str(rectangles), "--model", "resnet18"),
            *("--backbone-weights", "none", "--device", "cpu", "--out", str(tmp_path / name)),
            *(word for change in each for word in ("--set", change)),
        ]

    return make


def run_of(out: Path) -> RunFolder:
    return RunFolder(next(iter(sorted(out.glob("rectangles-*")))))


def wait_for_steps(out: Path, count: int) -> None:
    """Wait until a run under `out` has taken so many steps."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for diary in out.glob("rectangles-*/metrics.jsonl"):
            if len(diary.read_text().splitlines()) >= count:
                return
        time.sleep(0.05)
    raise AssertionError("it takes no steps")


def assert_same_weights(one: Path, other: Path) -> None:
    """Two runs under two folders ended with the same weights, to the bit."""
    loaded = [weights_file.load(checkpoint.checkpoints(run_of(out))[0]) for out in (one, other)]
    (header, tensors), (other_header, others) = loaded
    assert header.extra == other_header.extra
    assert all(torch.equal(tensors[name], others[name]) for name in tensors)


@pytest.mark.parametrize(
    ("number", "code", "limit"),
    [(signal.SIGKILL, "RC421", 5.0), (signal.SIGSTOP, "RC420", 6.0 + 5.0)],
)
@pytest.mark.parametrize("launcher", ["--processes", "torchrun"])
def test_d15_a_process_that_dies_or_hangs_ends_the_job(
    start: Callable,
    words: Callable,
    tmp_path: Path,
    number: int,
    code: str,
    limit: float,
    launcher: str,
) -> None:
    long = words("runs", "training.schedule.steps=5000", "training.distributed.timeout=6")
    if launcher == "torchrun":
        job = start(*TORCHRUN, "--standalone", "--nproc-per-node=2", "-m", "frcnn", *long)
    else:
        job = start(*FRCNN, *long, "--processes", "2")
    wait_for_steps(tmp_path / "runs", 3)
    began = time.monotonic()
    os.kill(job.rank(1), number)
    assert job.wait() != 0
    seconds = time.monotonic() - began
    assert f"error[{code}] process 0 of 2" in job.said
    assert "no answer from process 1" in job.said
    if launcher == "--processes":
        assert "Traceback" not in job.said
    print(f"{launcher} {signal.Signals(number).name}: {seconds:.1f} s")
    assert seconds < limit


def test_torchrun_starts_again_and_goes_on(
    start: Callable, words: Callable, tmp_path: Path
) -> None:
    steps = "training.schedule.steps=30"
    two = ("--standalone", "--nproc-per-node=2")
    assert start(*TORCHRUN, *two, "-m", "frcnn", *words("whole", steps)).wait() == 0
    again = start(*TORCHRUN, *two, "--max-restarts=2", "-m", "frcnn", *words("killed", steps))
    for done, rank in ((5, 1), (15, 0)):
        wait_for_steps(tmp_path / "killed", done)
        os.kill(again.rank(rank), signal.SIGKILL)
        time.sleep(1)
    assert again.wait() == 0, again.said
    assert again.said.count("going on after step") == 2
    assert len(list((tmp_path / "killed").glob("rectangles-*"))) == 1
    assert_same_weights(tmp_path / "whole", tmp_path / "killed")


def test_two_launchers_that_meet_over_the_loopback(
    start: Callable, words: Callable, tmp_path: Path
) -> None:
    """As two machines: one process each, which see no common run folder but the leader's."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    meeting = ("--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--local-addr=127.0.0.1")
    meeting += (f"--rdzv-endpoint=127.0.0.1:{port}", "--rdzv-id=screws")
    both = [start(*TORCHRUN, *meeting, "-m", "frcnn", *words(name)) for name in ("a", "b")]
    assert [each.wait() for each in both] == [0, 0], [each.said for each in both]
    found = [out for out in (tmp_path / "a", tmp_path / "b") if out.is_dir()]
    assert len(found) == 1, "one of them leads"
    alone = start(*TORCHRUN, "--standalone", "--nproc-per-node=2", "-m", "frcnn", *words("c"))
    assert alone.wait() == 0
    assert_same_weights(found[0], tmp_path / "c")


def test_a_signal_to_the_launcher_loses_nothing(
    start: Callable, words: Callable, tmp_path: Path
) -> None:
    steps = "training.schedule.steps=20"
    assert start(*FRCNN, *words("whole", steps), "--processes", "2").wait() == 0
    stopped = start(*FRCNN, *words("stopped", steps), "--processes", "2")
    wait_for_steps(tmp_path / "stopped", 4)
    stopped.process.send_signal(signal.SIGINT)
    assert stopped.wait() == 130
    assert stopped.said.count("interrupted: stopped after step") == 1
    run = run_of(tmp_path / "stopped")
    words_again = ("train", "--resume", str(run.path), "--device", "cpu")
    refused = start(*FRCNN, *words_again)
    assert refused.wait() == 5
    assert "RC538" in refused.said
    assert start(*FRCNN, *words_again, "--processes", "2", "--json").wait() == 0
    assert_same_weights(tmp_path / "whole", tmp_path / "stopped")


def test_two_processes_end_with_one_answer(start: Callable, words: Callable) -> None:
    job = start(*FRCNN, *words("runs"), "--processes", "2", "--json", "--quiet")
    assert job.wait() == 0
    assert "figures" in json.loads(job.said)


def test_a_mistake_is_told_once(start: Callable, words: Callable, tmp_path: Path) -> None:
    job = start(*FRCNN, *words("runs", "training.batches.size=1"), "--processes", "2")
    assert job.wait() == 2
    assert job.said.count("error[RC350] training.batches.size") == 1
    assert "Traceback" not in job.said
    assert not list((tmp_path / "runs").glob("rectangles-*"))
