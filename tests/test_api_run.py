"""What a run says of itself once training is over: of its best weights, and what to do next."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from frcnn.api import Run
from frcnn.run_folder import RunFolder
from frcnn.weights.file import Header, save

Make = Callable[..., Run]


@pytest.fixture
def make_run(tmp_path: Path) -> Make:
    """Makes runs whose last weights are not their best: `make_run("my runs", judged_by=...)`."""

    def make(name: str = "screws-001", judged_by: str = "detections") -> Run:
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir()
        for path, step, table in ((folder.best, 3, "better"), (folder.last, 6, "worse")):
            extra = {"step": step, "table": table, "figures": {"AP": step}, "judged_by": judged_by}
            save(path, {"weight": torch.zeros(2)}, Header(classes=("nut",), extra=extra))
        return Run(folder=folder, figures=None)

    return make


def test_golden_it_speaks_of_its_best_weights_and_says_so(make_run: Make) -> None:
    run = make_run()
    assert str(run).splitlines() == [
        "nothing left to train",
        "best.safetensors, of step 3, on validation pictures:",
        "better",
        f"run {run.path}",
        f"next: frcnn eval {run.path}; frcnn predict {run.path} PICTURE...",
    ]
    assert run.to_json() == {"run": str(run.path), "step": 3, "figures": {"AP": 3}}


def test_after_an_rpn_come_the_verbs_that_it_can_do(make_run: Make) -> None:
    run = make_run(judged_by="proposals")
    assert str(run).splitlines()[-1] == (
        f"next: frcnn eval {run.path} --metric proposals; frcnn propose {run.path} --out FILE"
    )


@pytest.mark.parametrize("judged_by", ["detections", "proposals"])
def test_a_run_says_its_commands_so_that_a_shell_takes_them(make_run: Make, judged_by: str) -> None:
    run = make_run("my runs", judged_by)
    commands = str(run).splitlines()[-1].removeprefix("next: ").split("; ")
    assert [shlex.split(command)[2] for command in commands] == [str(run.path)] * 2
