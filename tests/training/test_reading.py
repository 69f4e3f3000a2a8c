"""Reading in order, here or in other processes (what goes wrong there: test_fit_readers.py)."""

import itertools
import multiprocessing
import os
import warnings
from collections.abc import Iterator

import pytest
import torch
from torch.utils.data import DataLoader

from frcnn.data.records import Split
from frcnn.model.batch import PictureConfig
from frcnn.training.batches import BatchConfig, Examples, Visit, epoch_batches
from frcnn.training.reading import load

PICTURES = PictureConfig(shorter_side=48, longer_side=64)


def dealt(split: Split, config: BatchConfig) -> list[list[Visit]]:
    return epoch_batches([record.size for record in split.records], 0, 0, config)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_come_in_the_order_they_were_asked_for(
    splits: dict[str, Split], workers: int
) -> None:
    others = set(multiprocessing.active_children())  # of other tests
    config = BatchConfig(size=3, workers=workers)
    batches = dealt(splits["train"], config)
    examples = Examples(splits["train"], 0, PICTURES, config)
    read = list(load(examples, iter(batches)))
    assert [[example.visit for example in batch] for batch in read] == batches
    for batch in read:
        for example in batch:
            here = examples[example.visit]
            assert torch.equal(example.prepared.pixels, here.prepared.pixels)
            assert torch.equal(example.target.boxes, here.target.boxes)
    assert set(multiprocessing.active_children()) <= others


def test_more_readers_than_cores_are_no_warning_of_torchs(
    splits: dict[str, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    config = BatchConfig(size=3, workers=2)
    examples = Examples(splits["train"], 0, PICTURES, config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(load(examples, iter(dealt(splits["train"], config))))
        warnings.simplefilter("ignore")
        with pytest.warns(UserWarning, match="will create 2 worker"):  # torch would
            DataLoader(splits["train"], num_workers=2)


def test_no_batch_no_reader(splits: dict[str, Split]) -> None:
    assert list(load(Examples(splits["train"], 0, PICTURES, BatchConfig()), [])) == []


def test_only_a_few_batches_are_asked_for_ahead(splits: dict[str, Split]) -> None:
    others = set(multiprocessing.active_children())  # of other tests
    asked: list[int] = []

    def endless() -> Iterator[list[Visit]]:
        for number in itertools.count():
            asked.append(number)
            yield [Visit(number, number % 10, 0)]

    config = BatchConfig(workers=1)
    reading = load(Examples(splits["train"], 0, PICTURES, config), endless())
    for _ in range(3):
        next(reading)
    reading.close()
    assert len(asked) <= 6
    assert set(multiprocessing.active_children()) <= others


def test_the_global_generator_is_left_alone(splits: dict[str, Split]) -> None:
    before = torch.get_rng_state()
    config = BatchConfig(workers=1)
    list(load(Examples(splits["train"], 0, PICTURES, config), dealt(splits["train"], config)))
    assert torch.equal(torch.get_rng_state(), before)
