"""The judge: what is kept as best, and when nothing gets better any more."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from frcnn.training import judge as judge_module
from frcnn.training.checkpoint import Progress
from frcnn.training.job import Job, length_of
from frcnn.training.judge import Judge
from frcnn.training.log import Diary
from frcnn.training.optimizer import make_optimizer
from frcnn.weights import file as weights_file

Make = Callable[..., Job]


def judge_of(job: Job, display: Any, heed: Callable[[], None] = lambda: None) -> Judge:
    return Judge(job, length_of(job), Diary(job.run), display, heed)


def progress_of(job: Job, step: int) -> Progress:
    optimizer = make_optimizer(job.model, job.config.optimizer)
    scaler = job.precision.scaler()
    return Progress(module=job.model, optimizer=optimizer, scaler=scaler, average=None, step=step)


def with_past(job: Job, values: Sequence[float | None]) -> None:
    diary = Diary(job.run)
    for number, value in enumerate(values, start=1):
        diary.add_evaluation({"step": number, "val_AP": value, "val_voc07_map": 0.5})


def test_an_evaluation_is_a_row_a_line_and_two_files(make_job: Make, recorder: Callable) -> None:
    job, display = make_job(), recorder()
    figures = judge_of(job, display).evaluate(progress_of(job, 5))
    (row,) = Diary(job.run).evaluations()
    assert row["step"] == 5
    assert row["epoch"] == 1.0
    assert row["val_AP"] == figures.coco["AP"]
    assert row["val_loss"] == pytest.approx(
        sum(row[f"val_{n}"] for n in ("rpn_objectness", "rpn_boxes", "head_classes", "head_boxes"))
    )
    assert row["seconds"] > 0
    assert display.said[0].startswith("step 5  epoch 1  ")
    assert display.said[0].endswith("  best")
    for path in (job.run.best, job.run.last):
        header = weights_file.read_header(path)
        assert header.extra["step"] == 5
        assert header.extra["figures"] == figures.to_json()
        assert header.extra["table"] == figures.table()


@pytest.mark.parametrize(
    ("past", "value", "best"),
    [
        ([], 0.0, True),
        ([None], 0.0, True),
        ([0.2], 0.2, False),
        ([0.2, 0.1], 0.3, True),
        ([0.3], None, False),
    ],
)
def test_better_is_more_than_ever_before(
    make_job: Make, recorder: Callable, past: list[float | None], value: float | None, best: bool
) -> None:
    job = make_job()
    with_past(job, past)
    assert judge_of(job, recorder())._is_best({"val_AP": value}) == best


def test_the_metric_is_a_choice(make_job: Make, recorder: Callable) -> None:
    judge = judge_of(make_job("training.evaluation.metric=voc07_map"), recorder())
    assert judge.metric == "val_voc07_map"


@pytest.mark.parametrize(
    ("past", "patience", "stalled"),
    [
        ([], 1, False),
        ([0.1], 1, False),
        ([0.1, 0.1], 1, True),
        ([0.1, 0.2, 0.1], 2, False),
        ([0.1, 0.2, 0.1, 0.2], 2, True),
        ([None, 0.0], 1, False),
        ([None, None], 1, True),
    ],
)
def test_patience_counts_evaluations_since_the_best(
    make_job: Make,
    recorder: Callable,
    past: list[float | None],
    patience: int,
    stalled: bool,
) -> None:
    job, display = make_job(f"training.evaluation.patience={patience}"), recorder()
    with_past(job, past)
    assert judge_of(job, display).has_stalled() == stalled
    assert bool(display.said) == stalled


def test_without_patience_it_never_stalls(make_job: Make, recorder: Callable) -> None:
    job = make_job()
    with_past(job, [0.5] * 9)
    assert not judge_of(job, recorder()).has_stalled()


def test_it_knows_what_is_in_the_diary(make_job: Make, recorder: Callable) -> None:
    job = make_job()
    judge = judge_of(job, recorder())
    assert not judge.has_evaluated(2)
    with_past(job, [0.1, 0.2])
    assert judge.has_evaluated(2)
    assert not judge.has_evaluated(1)  # only the last one can be missing


def test_asked_to_stop_it_stops_before_anything_is_written(
    make_job: Make, recorder: Callable
) -> None:
    job = make_job()

    def heed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge_of(job, recorder(), heed).evaluate(progress_of(job, 5))
    assert Diary(job.run).evaluations() == []
    assert not job.run.last.exists()


def test_it_shows_how_far_it_has_come(make_job: Make, recorder: Callable) -> None:
    class Counts(type(recorder())):  # type: ignore[misc]
        @contextmanager
        def counting(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
            self.steps += [total]
            yield self.steps.append

    display = Counts()
    judge_of(make_job("training.evaluation.loss_pictures=2"), display).evaluate(
        progress_of(make_job(), 5)
    )
    assert display.steps == [2, 1, 2, 3, 1, 2, 3]  # two for the loss, three for the figures


def test_the_network_goes_on_training_as_it_was(make_job: Make, recorder: Callable) -> None:
    job = make_job()
    job.model.train()
    before = {name: tensor.clone() for name, tensor in job.model.state_dict().items()}
    judge_of(job, recorder()).evaluate(progress_of(job, 5))
    assert all(module.training for module in job.model.modules())
    assert all(bool((before[n] == t).all()) for n, t in job.model.state_dict().items())


def test_what_is_shown_is_in_the_row() -> None:
    assert {"step", "val_AP"} <= set(judge_module._DETECTIONS.shown)


def test_the_ids_of_the_annotation_file_go_with_the_weights(
    make_job: Make, recorder: Callable
) -> None:
    job = make_job()
    ids = tuple(range(7, 7 + len(job.train.classes)))
    job = replace(job, train=replace(job.train, category_ids=ids))
    judge_of(job, recorder()).evaluate(progress_of(job, 5))
    for path in (job.run.best, job.run.last):
        assert weights_file.read_header(path).extra["category_ids"] == list(ids)
