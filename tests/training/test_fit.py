"""A run from its first step to its last: what is written when, and when it ends."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn import diaries, files
from frcnn.errors import ModelFileError, TrainingError
from frcnn.training import checkpoint, judge, timer
from frcnn.training.fit import fit
from frcnn.training.job import Job, length_of
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet
from frcnn.training.step import StepReport
from frcnn.weights import file as weights_file

Make = Callable[..., Job]


def values_of(job: Job) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in job.model.state_dict().items()}


def scripted(monkeypatch: pytest.MonkeyPatch, values: list[float | None]) -> None:
    """Let the evaluations give these APs, one after the other."""
    real = judge.summary

    def summary(*arguments: Any) -> dict[str, Any]:
        return {**real(*arguments), "val_AP": values.pop(0)}

    monkeypatch.setattr(judge, "summary", summary)


def test_every_step_has_its_line_and_every_evaluation_its_row(
    make_job: Make, recorder: Callable
) -> None:
    job, display = make_job(), recorder()
    figures = fit(job, display)
    diary = Diary(job.run)
    assert [row["step"] for row in diary.steps()] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in diary.evaluations()] == [3, 6]
    assert display.steps == [1, 2, 3, 4, 5, 6]
    assert len(display.said) == 2
    assert figures is not None
    assert diary.evaluations()[-1]["val_AP"] == figures.coco["AP"]


def test_a_training_that_is_mostly_warm_up_is_warned_of_once(
    make_job: Make, recorder: Callable
) -> None:
    job, display = make_job("training.schedule.warmup_steps=5"), recorder()
    fit(job, display)
    assert display.said[0].startswith("warning: the rate climbs for 5 steps, of 6 in all")
    again = recorder()
    fit(job, again)
    assert not any("climbs" in text for text in again.said)


def test_a_step_is_told_whole(make_job: Make) -> None:
    reports: list[StepReport] = []
    job = make_job(callbacks=[reports.append])
    fit(job, Quiet())
    row = Diary(job.run).steps()[2]
    report = reports[2]
    assert row["pictures"] == list(report.pictures)
    assert row["loss"] == report.total
    assert row["gradient_norm"] == report.gradient_norm
    assert row["epoch"] == pytest.approx(3 / 5)
    assert set(report.losses) == {"rpn_objectness", "rpn_boxes", "head_classes", "head_boxes"}
    rates = [r.learning_rate for r in reports]
    assert rates[0] < rates[1]  # warm-up
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_an_epoch_shows_every_picture_once(make_job: Make) -> None:
    seen: list[str] = []
    job = make_job(callbacks=[lambda report: seen.extend(report.pictures)])
    fit(job, Quiet())
    assert sorted(seen[:10]) == [record.name for record in job.train.records]


def test_the_start_is_a_checkpoint_and_two_generations_stay(make_job: Make) -> None:
    names: list[str] = []

    def look(_report: StepReport) -> None:
        names.append(" ".join(path.stem for path in checkpoint.checkpoints(job.run)))

    job = make_job(callbacks=[look])
    fit(job, Quiet())
    assert names[0] == "step-000000000"
    assert names[3] == "step-000000003 step-000000000"
    assert [p.stem for p in checkpoint.checkpoints(job.run)] == ["step-000000006", "step-000000003"]


def test_a_checkpoint_when_its_time_has_come(make_job: Make) -> None:
    job = make_job("training.checkpoint.minutes=0", "training.checkpoint.generations=9")
    fit(job, Quiet())
    assert len(checkpoint.checkpoints(job.run)) == 7


def test_a_long_evaluation_does_not_make_a_checkpoint_due(
    make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    real = judge.Judge.evaluate

    def evaluate(*arguments: Any) -> Any:
        clock[0] += 1000.0
        return real(*arguments)

    monkeypatch.setattr(timer.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(judge.Judge, "evaluate", evaluate)
    job = make_job("training.checkpoint.minutes=1", "training.checkpoint.generations=9")
    fit(job, Quiet())
    names = [path.stem for path in checkpoint.checkpoints(job.run)]
    assert names == ["step-000000006", "step-000000003", "step-000000000"]


def test_the_best_weights_are_kept(make_job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, [0.5, 0.25])
    job = make_job()
    fit(job, Quiet())
    best, last = (weights_file.read_header(path) for path in (job.run.best, job.run.last))
    assert (best.extra["step"], last.extra["step"]) == (3, 6)
    assert best.classes == ("blue", "red")
    assert best.extra["precision"] == "float32"


def test_an_undefined_figure_is_never_better(
    make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, [None, None])
    job = make_job()
    fit(job, Quiet())
    assert weights_file.read_header(job.run.best).extra["step"] == 3


def test_it_stops_early_when_the_figure_rises_no_more(
    make_job: Make, recorder: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (
        "training.schedule.steps=9",
        "training.evaluation.every_epochs=0.2",
        "training.evaluation.patience=2",
    )
    figures: list[float | None] = [0.1, 0.3, 0.3, 0.2, 0.4]
    scripted(monkeypatch, figures)
    display = recorder()
    job = make_job(*settings)
    assert fit(job, display) is not None
    assert [row["step"] for row in Diary(job.run).steps()] == [1, 2, 3, 4]
    assert "stopped early" in display.said[-1]
    assert fit(make_job(*settings), display) is None  # and a resume knows it, too
    assert len(Diary(job.run).steps()) == 4
    patient = (*settings[:2], "training.evaluation.patience=3", "training.schedule.steps=5")
    assert fit(make_job(*patient), display) is not None
    assert [row["step"] for row in Diary(job.run).steps()] == [1, 2, 3, 4, 5]


def test_resuming_when_finished_changes_nothing(make_job: Make, tmp_path: Path) -> None:
    job = make_job()
    fit(job, Quiet())
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    again = make_job()
    assert fit(again, Quiet()) is None
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    torch.testing.assert_close(values_of(again), values_of(job), rtol=0, atol=0)


def test_a_finished_run_goes_on_when_it_is_made_longer(make_job: Make, recorder: Callable) -> None:
    job = make_job()
    fit(job, Quiet())
    display = recorder()
    assert fit(make_job("training.schedule.steps=8"), display) is not None
    assert display.steps == [7, 8]
    assert any("training.schedule.steps was 6, is 8" in text for text in display.said)


def test_without_its_checkpoints_a_run_that_has_begun_is_refused(make_job: Make) -> None:
    job = make_job()
    fit(job, Quiet())
    for path in checkpoint.checkpoints(job.run):
        path.unlink()
    lines = job.run.metrics_jsonl.read_bytes()
    with pytest.raises(ModelFileError, match="no checkpoint to go on from") as caught:
        fit(make_job(), Quiet())
    assert caught.value.code == "RC530"
    assert job.run.metrics_jsonl.read_bytes() == lines


def test_frozen_layers_do_not_change_by_a_bit(make_job: Make) -> None:
    job = make_job("model.backbone.frozen_stages=2", "model.backbone.batch_norm=frozen")
    before = values_of(job)
    fit(job, Quiet())
    after = values_of(job)
    frozen = {n for n, p in job.model.named_parameters() if not p.requires_grad}
    assert frozen
    for name in before:
        same = torch.equal(before[name], after[name])
        assert same or not (name in frozen or "bn1" in name or "running" in name), name
    for name in ("backbone.body.layer2.0.weight", "rpn.conv.weight", "box_head.logits.weight"):
        assert not torch.equal(before[name], after[name]), name


def test_a_rate_of_next_to_nothing_moves_no_bit(make_job: Make) -> None:
    """1e-30 is less than half a unit in the last place of every weight that is not 0."""
    job = make_job("training.optimizer.learning_rate=1e-30", "training.schedule.steps=2")
    before = {n: p.detach().clone() for n, p in job.model.named_parameters()}
    fit(job, Quiet())
    for name, parameter in job.model.named_parameters():
        nonzero = before[name] != 0
        assert torch.equal(before[name][nonzero], parameter.detach()[nonzero]), name


@pytest.mark.parametrize("method", ["sgd", "adamw"])
def test_accumulated_batches_make_one_step(make_job: Make, method: str) -> None:
    reports: list[StepReport] = []
    job = make_job(
        "training.optimizer.accumulate=2",
        "training.schedule.steps=4",
        f"training.optimizer.method={method}",
        callbacks=[reports.append],
    )
    assert length_of(job).epochs_at(4) == pytest.approx(8 / 5)
    fit(job, Quiet())
    assert [len(report.pictures) for report in reports] == [4, 4, 4, 4]
    pictures = [name for report in reports for name in report.pictures]
    assert sorted(pictures[:10]) == [record.name for record in job.train.records]


def test_the_same_run_again_is_the_same(make_job: Make, assert_same_run: Callable) -> None:
    jobs = [make_job(name=name) for name in ("one", "two")]
    for job in jobs:
        torch.rand(7)  # the global generator is nobody's business
        fit(job, Quiet())
    assert_same_run(jobs[0].run, jobs[1].run)


def test_another_seed_is_another_run(make_job: Make) -> None:
    jobs = [make_job(f"training.seed={seed}", name=str(seed)) for seed in (0, 1)]
    for job in jobs:
        fit(job, Quiet())
    orders = [[row["pictures"] for row in Diary(job.run).steps()] for job in jobs]
    assert orders[0] != orders[1]


def test_the_global_generator_is_left_alone(make_job: Make) -> None:
    before = torch.get_rng_state()
    fit(make_job("training.schedule.steps=2"), Quiet())
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_that_are_not_finite_are_not_saved(
    make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without clipping nobody looks at the gradient; the checkpoint's guard finds it."""
    job = make_job("training.optimizer.clip_norm=null", "training.checkpoint.minutes=0")
    weight = job.model.rpn.conv.weight

    def spoil(report: StepReport) -> None:
        if report.step == 2:
            weight.data[0, 0, 0, 0] = torch.inf

    with pytest.raises(TrainingError, match=r"rpn\.conv\.weight are not finite") as caught:
        fit(replace(job, callbacks=[spoil]), Quiet())
    assert caught.value.code == "RC402"
    assert [p.stem for p in checkpoint.checkpoints(job.run)] == ["step-000000001", "step-000000000"]


def test_the_order_of_writing_is_diary_checkpoint_weights_row(
    make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint never knows a step that the diary lacks; the evaluation's row comes last."""
    written: list[str] = []
    real_line, real_write = diaries.append_line, files.write_atomically

    def append_line(path: Path, text: str) -> None:
        written.append("step")
        real_line(path, text)

    def write_atomically(path: Path, *arguments: Any, **more: Any) -> None:
        written.append(path.name)
        real_write(path, *arguments, **more)

    job = make_job("training.schedule.steps=1")
    monkeypatch.setattr(diaries, "append_line", append_line)
    monkeypatch.setattr(files, "write_atomically", write_atomically)
    monkeypatch.setattr(weights_file, "write_atomically", write_atomically)
    fit(job, Quiet())
    begin = ["metrics.jsonl", "metrics.csv", "step-000000000.safetensors"]
    end = ["step-000000001.safetensors", "last.safetensors", "best.safetensors", "metrics.csv"]
    assert written == [*begin, "step", *end]
