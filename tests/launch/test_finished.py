"""What a run says of itself once training is over: of its best weights, and what to do next."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from frcnn.launch.finished import Run
from frcnn.run_folder import RunFolder
from frcnn.weights.file import Header, read_header, save

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
        return Run(folder=folder, figures=None, kept=read_header(folder.best))

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


def test_what_it_says_is_of_the_end_of_its_training(make_run: Make) -> None:
    run = make_run()
    told = str(run)
    run.folder.best.unlink()
    assert str(run) == told
    assert run.to_json()["step"] == 3


def test_best_weights_that_are_gone_are_not_missed(make_run: Make) -> None:
    run = replace(make_run("my runs"), kept=None)
    assert str(run).splitlines() == [
        "nothing left to train",
        "best.safetensors is gone, last.safetensors is of the last step",
        f"run {run.path}",
        f"next: frcnn eval '{run.folder.last}'",
    ]
    assert run.to_json() == {"run": str(run.path), "step": None, "figures": None}


def test_weights_from_elsewhere_have_no_figures(make_run: Make) -> None:
    run = replace(make_run(), kept=Header(classes=("nut",)))
    assert "no figures" in str(run)
    assert run.to_json()["figures"] is None
