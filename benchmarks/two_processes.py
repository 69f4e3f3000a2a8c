"""What training by several processes changes: gradients, order of the pictures, figures.

    torchrun --standalone --nproc-per-node 2 benchmarks/two_processes.py

Draws a small data set, trains a ResNet-18 of random numbers on it by all processes together and by
process 0 alone, with the same batches, and says on stdout how far the two are apart:

- the gradients of the first batches: the length of the difference over the length, all parameters
  together, with frozen statistics of the batch normalisations and with live ones, in float32 and
  in float64, where nothing of the difference is rounding of float32; beside it, with frozen
  ones, the same for process 0 alone that looks at one picture after the other: what the rounding
  of convolutions comes to where nothing is exchanged;
- the pictures of every step, in order, and the losses;
- all figures of an evaluation of the same weights.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from frcnn.errors import TrainingError
from frcnn.launch.run import launch, train
from frcnn.prediction.saved import load_detector
from frcnn.training.batches import Batch
from frcnn.training.distributed import ALONE, World
from frcnn.training.feed import Parts, feed
from frcnn.training.job import Job, length_of
from frcnn.training.joining import joined
from frcnn.training.log import Diary
from frcnn.training.optimizer import make_optimizer
from frcnn.training.parallel import shared_losses
from frcnn.training.progress import Quiet
from frcnn.training.step import take_step
from frcnn.training.validation import figures_of, proposal_figures_of

CLASSES = ("red", "blue")
COLOURS = ((200, 40, 40), (40, 60, 200))
MIXED = ("training.batches.group=none", "training.optimizer.method=sgd")
"""Lying and upright pictures in one batch: each is padded to the size of the whole batch."""


def draw(folder: Path, pictures: int) -> Path:
    """Draw rectangles of two colours, one class each, in the layout of PASCAL VOC.

    Args:
        folder: made.
        pictures: how many to train on; half as many to validate on.

    Returns:
        The folder.
    """
    dice = np.random.default_rng(0)
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (folder / part).mkdir(parents=True)
    for split, count in (("train", pictures), ("val", pictures // 2)):
        names = [f"{split}{number:03}" for number in range(count)]
        (folder / "ImageSets/Main" / f"{split}.txt").write_text("\n".join(names) + "\n")
        for number, name in enumerate(names):
            height, width = (96, 128) if number % 3 else (128, 96)
            pixels = dice.integers(90, 160, (height, width, 3), dtype=np.uint8)
            objects = ""
            for _ in range(dice.integers(1, 4)):
                kind, (w, h) = int(dice.integers(2)), dice.integers(20, 48, 2)
                x, y = int(dice.integers(width - w)), int(dice.integers(height - h))
                pixels[y : y + h, x : x + w] = COLOURS[kind]
                objects += (
                    f"<object><name>{CLASSES[kind]}</name><bndbox><xmin>{x + 1}</xmin>"
                    f"<ymin>{y + 1}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax>"
                    "</bndbox></object>"
                )
            Image.fromarray(pixels).save(folder / "JPEGImages" / f"{name}.png")
            (folder / "Annotations" / f"{name}.xml").write_text(
                f"<annotation><filename>{name}.png</filename><size><width>{width}</width>"
                f"<height>{height}</height><depth>3</depth></size>{objects}</annotation>"
            )
    return folder


def make_job(data: Path, out: Path, world: World, *changes: str) -> tuple[Any, Job]:
    """Launch a run of two pictures a step.

    Args:
        data: the data set.
        out: where the run's folder is made.
        world: the processes that train it.
        *changes: more settings.

    Returns:
        The run, and its job.
    """
    small = ("model.pictures.shorter_side=96", "training.precision=float32", *changes)
    launched = launch(
        data,
        {
            "model": "resnet18",
            "backbone_weights": "none",
            "device": "cpu",
            "batch": 2,
            "epochs": 1,
            "out": out,
            "quiet": True,
            "settings": small,
        },
        lambda _text: None,
        world=world,
    )
    return launched, launched.job


def whole(parts: Parts) -> Parts:
    """Leave a step's batches as they are."""
    return parts


def one_by_one(parts: Parts) -> Parts:
    """Make a batch of every picture of a step: the same mean of losses where sizes are the same."""
    return [Batch([example], [example.visit]) for part in parts for example in part]


def gradients(
    job: Job, batches: int, cut: Callable[[Parts], Parts] = whole
) -> Iterator[dict[str, Tensor]]:
    """Compute the gradients of the first batches, each with the weights that the job has.

    Args:
        job: its weights are not moved.
        batches: how many.
        cut: makes of a step's batches those that are computed at once.

    Yields:
        Each trained parameter's.
    """

    def no_excuse(died: TrainingError, _step: int) -> None:
        raise died

    job.phase.prepare(job.model)
    optimizer = make_optimizer(job.model, job.config.optimizer)
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    losses = job.phase.objective(job.model, job.config.seed, job.precision)
    shared = shared_losses(losses, job, optimizer)
    read: Iterator[Parts] = feed(job, length_of(job), 0, no_excuse)
    for _, parts in zip(range(batches), read, strict=False):
        take_step(shared, cut(parts), optimizer, job.precision.scaler(), None, job.world)
        yield {n: p.grad.clone() for n, p in job.model.named_parameters() if p.grad is not None}


def apart(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Give the length of the difference over the length, all parameters together."""
    assert one.keys() == other.keys()
    total = sum(float((one[n] - other[n]).double().square().sum()) for n in one)
    return float((total / sum(float(one[n].double().square().sum()) for n in one)) ** 0.5)


def compare_gradients(
    data: Path, out: Path, world: World, norm: str, kind: torch.dtype, batches: int
) -> None:
    """Print how far gradients are apart.

    Args:
        data: the data set.
        out: where runs are made.
        world: the processes.
        norm: `frozen` or `live` statistics.
        kind: float32 or float64, of weights, features and losses.
        batches: how many.
    """
    changes = ("training.optimizer.method=sgd", f"model.backbone.batch_norm={norm}")
    job = make_job(data, out / f"{norm}-{kind}-n", world, *changes)[1]
    job.model.to(kind)
    together = list(gradients(job, batches))
    if not world.leads:
        return
    job = make_job(data, out / f"{norm}-{kind}-1", ALONE, *changes)[1]
    job.model.to(kind)
    alone = list(gradients(job, batches))
    print(f"gradients of {batches} batches, {norm} statistics, {kind}: relative difference")
    print(f"  {world.size} processes: {listed(alone, together)}", flush=True)
    if norm == "frozen":
        singly = list(gradients(job, batches, one_by_one))
        print(f"  1 process, a picture at a time: {listed(alone, singly)}", flush=True)


def listed(some: Sequence[Mapping[str, Tensor]], others: Sequence[Mapping[str, Tensor]]) -> str:
    """Write how far some gradients are from others, batch by batch."""
    return ", ".join(f"{apart(one, other):.1e}" for one, other in zip(some, others, strict=True))


def compare_runs(data: Path, out: Path, world: World) -> None:
    """Print whether pictures, losses and figures are the same.

    Args:
        data: the data set.
        out: where runs are made.
        world: the processes.
    """
    launched, job = make_job(data, out / "run-n", world, *MIXED)
    train(launched, Quiet())
    weights = job.run.best
    detector = load_detector(weights, device="cpu", precision="float32")
    figures = figures_of(detector, job.val, world=job.world).to_json()
    proposals = proposal_figures_of(detector, job.val, world=job.world).to_json()
    if not world.leads:
        return
    launched, own = make_job(data, out / "run-1", ALONE, *MIXED)
    train(launched, Quiet())
    steps = [Diary(each.run).steps() for each in (own, job)]
    order = [[row["pictures"] for row in rows] for rows in steps]
    losses = [np.array([row["loss"] for row in rows]) for rows in steps]
    most = float(np.max(np.abs(losses[0] - losses[1]) / losses[0]))
    print(f"pictures of {len(order[0])} steps: {'same' if order[0] == order[1] else 'OTHER'} order")
    print(f"losses of these steps: largest relative difference {most:.1e}")
    same = figures == figures_of(detector, own.val).to_json()
    same_proposals = proposals == proposal_figures_of(detector, own.val).to_json()
    print(f"figures of the same weights, {len(own.val)} pictures: {'equal' if same else 'OTHER'}")
    print(f"figures of their proposals: {'equal' if same_proposals else 'OTHER'}")


def main() -> None:
    """Compare all processes together with process 0 alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--batches", type=int, default=4)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with joined() as world, tempfile.TemporaryDirectory() as folder:
        data = world.of_leader(lambda: draw(Path(folder) / "data", asked.pictures))
        out = world.of_leader(lambda: Path(folder))
        if world.leads:
            print(f"{world.size} processes beside one, batches of 2", flush=True)
        for norm, kind in product(("frozen", "live"), (torch.float32, torch.float64)):
            compare_gradients(data, out, world, norm, kind, asked.batches)
        compare_runs(data, out, world)
        with world.together():  # the folder is the leader's
            pass


if __name__ == "__main__":
    main()
