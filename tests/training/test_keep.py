"""Weights to use, batches to look at, and weights that are not worth keeping."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

from frcnn import settings
from frcnn.data.records import Split
from frcnn.errors import DiskError, TrainingError
from frcnn.model.batch import PictureConfig
from frcnn.run_folder import RunFolder
from frcnn.training import keep
from frcnn.training.batches import BatchConfig, Examples, Visit
from frcnn.training.job import Job
from frcnn.weights import file as weights_file


def test_weights_travel_with_names_and_settings(make_job: Callable[..., Job]) -> None:
    job = make_job()
    keep.weights(job.run.last, job.model, ("blue", "red"), {"step": 4})
    header, tensors = weights_file.load(job.run.last)
    assert header.classes == ("blue", "red")
    assert header.config == settings.to_mapping(job.model.config)
    assert header.extra == {"step": 4}
    assert all(torch.equal(tensors[n], t) for n, t in job.model.state_dict().items())


def test_a_failing_batch_can_be_looked_at(splits: dict[str, Split], tmp_path: Path) -> None:
    pictures = PictureConfig(shorter_side=48, longer_side=64)
    read = Examples(splits["train"], 0, pictures, BatchConfig(flip="double"))
    batch = [read[Visit(0, 3, 1)], read[Visit(0, 5, 0)]]
    path = keep.failing_batch(RunFolder(tmp_path), batch)
    with safe_open(path, framework="pt") as kept:
        assert kept.metadata() == {"pictures": '["train03", "train05"]'}
        assert set(kept.keys()) == {
            f"{i}.{n}" for i in (0, 1) for n in ("pixels", "boxes", "labels")
        }
        assert torch.equal(kept.get_tensor("0.pixels"), batch[0].prepared.pixels)
        assert torch.equal(kept.get_tensor("1.boxes"), batch[1].target.boxes)


def test_a_failing_batch_without_a_folder(splits: dict[str, Split], tmp_path: Path) -> None:
    pictures = PictureConfig(shorter_side=48, longer_side=64)
    example = Examples(splits["train"], 0, pictures, BatchConfig())[Visit(0, 0, 0)]
    with pytest.raises(DiskError, match="RC603"):
        keep.failing_batch(RunFolder(tmp_path / "gone"), [example])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_weights_that_are_not_finite_are_named(bad: float) -> None:
    layers = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    keep.require_finite_weights(layers, 7)
    layers[1].bias.data[0] = bad
    with pytest.raises(TrainingError, match=r"the weights 1\.bias are not finite") as caught:
        keep.require_finite_weights(layers, 7)
    assert (caught.value.code, caught.value.place, caught.value.exit_code) == ("RC402", "step 7", 4)
    assert "--resume" in caught.value.fix


def test_large_weights_whose_sum_overflows_are_finite() -> None:
    layer = nn.Linear(4, 1, bias=False)
    layer.weight.data.fill_(3e38)
    keep.require_finite_weights(layer, 1)
