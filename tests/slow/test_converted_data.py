"""BCCD as VOC and as COCO: trained from either, the weights are the same to the bit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn.data.convert import convert
from frcnn.data.dataset import Dataset
from frcnn.run_folder import RunFolder
from frcnn.weights import file as weights_file

STEPS = 40


def trained_on(server: Any, data: Path, tiny: Sequence[str], out: Path) -> RunFolder:
    words = ["train", "--data", str(data), "--out", str(out), "--device", "cpu"]
    words += ["--model", "mobilenet_v2", "--backbone-weights", "none", "--seed", "3"]
    for setting in (
        *tiny,
        f"training.schedule.steps={STEPS}",
        "training.evaluation.every_epochs=1",
    ):
        words += ["--set", setting]
    process = server.start(words)
    assert process.wait() == 0, process.log
    return RunFolder(out / "latest")


@pytest.mark.slow
def test_weights_do_not_know_the_layout(
    server: Any, bccd: Path, tiny: Sequence[str], tmp_path: Path
) -> None:
    other = convert(Dataset.open(bccd), tmp_path / "bccd", "coco", pictures="hardlink").path
    first, second = (
        trained_on(server, data, tiny, tmp_path / name)
        for data, name in ((bccd, "voc"), (other, "coco"))
    )
    for kind in ("best", "last"):
        tensors, others = (weights_file.load(getattr(run, kind))[1] for run in (first, second))
        assert tensors.keys() == others.keys()
        assert all(torch.equal(tensors[name], others[name]) for name in tensors)
