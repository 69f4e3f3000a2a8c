"""The model card: facts of the run, and nothing that the run does not know."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from frcnn.data.records import Split
from frcnn.errors import ModelFileError
from frcnn.run_folder import RunFolder
from frcnn.training import keep
from frcnn.training.card import write_card
from frcnn.training.job import Job


def written(run: RunFolder, splits: dict[str, Split]) -> str:
    write_card(run, splits, "resnet18", "random numbers")
    return run.model_card.read_text(encoding="utf-8")


def test_a_card(splits: dict[str, Split], make_job: Callable[..., Job]) -> None:
    job = make_job()
    keep.weights(job.run.best, job.model, ("blue", "red"), {"step": 4, "table": "class  AP\nred 1"})
    text = written(job.run, splits)
    for part in (
        "# run\n",
        "preset `resnet18`",
        "| train | 10 | 0 | 20 |",
        "| val | 3 | 0 | 6 |",
        "order of their ids: blue, red.",
        "Started from: random numbers.",
        "Of `best.safetensors`, after step 4:",
        "```\nclass  AP\nred 1\n```",
        "## Limits",
    ):
        assert part in text, part


def test_pictures_without_objects_are_counted(splits: dict[str, Split], tmp_path: Path) -> None:
    first, *others = splits["val"].records
    bare = replace(first, target=type(first.target).empty())
    val = replace(splits["val"], records=(bare, *others))
    assert "| val | 3 | 1 | 4 |" in written(RunFolder(tmp_path), {**splits, "val": val})


def test_validation_pictures_that_were_learnt_from_are_told(
    splits: dict[str, Split], tmp_path: Path
) -> None:
    run = RunFolder(tmp_path)
    assert "learnt from, too" not in written(run, splits)
    both = replace(splits["train"], records=splits["train"].records + splits["val"].records[:2])
    text = written(run, {**splits, "train": both})
    assert "2 of these pictures were learnt from, too." in text


def test_without_an_evaluation_it_says_so(splits: dict[str, Split], tmp_path: Path) -> None:
    assert "No evaluation was made." in written(RunFolder(tmp_path), splits)


def test_damaged_weights_are_not_described(splits: dict[str, Split], tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.best.write_bytes(b"no weights")
    with pytest.raises(ModelFileError):
        written(run, splits)
    assert not run.model_card.exists()
