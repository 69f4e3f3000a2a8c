"""Checkpoints: whole or absent, two generations, compared with what the run stands on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from frcnn import files
from frcnn.errors import ConfigError, DiskError, ModelFileError
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.training.averaging import start_average
from frcnn.training.checkpoint import CheckpointConfig, Circumstances, Progress
from frcnn.training.fit import fit
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.optimizer import OptimizerConfig, make_optimizer
from frcnn.training.progress import Quiet
from frcnn.weights import file as weights_file

Make = Callable[..., Job]
AROUND = Circumstances(
    classes=("cat", "dog"),
    model={"classes": 2, "anchors": {"sides": [16.0, 32.0], "stride": 16}},
    training={
        "seed": 0,
        "batches": {"size": 2, "workers": 0, "timeout": 60.0},
        "optimizer": {"method": "sgd"},
        "checkpoint": {"minutes": 5.0},
    },
    data="abc",
    machine={"threads": 1, "torch": "2"},
)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))
    return layers.to(memory_format=torch.channels_last)


def progress_of(method: str = "sgd", *, enabled: bool = False, average: bool = True) -> Progress:
    module = network()
    return Progress(
        module=module,
        optimizer=make_optimizer(module, OptimizerConfig(method=method)),  # type: ignore[arg-type]
        scaler=torch.amp.GradScaler("cpu", enabled=enabled, init_scale=8.0),
        average=start_average(module) if average else None,
    )


def walk(progress: Progress, steps: int, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        progress.optimizer.zero_grad()
        loss = progress.module(torch.rand(2, 3, 8, 8, generator=generator)).square().mean()
        progress.scaler.scale(loss).backward()
        progress.scaler.step(progress.optimizer)
        progress.scaler.update()
        progress.step += 1


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


@pytest.mark.parametrize("method", ["sgd", "adamw"])
@pytest.mark.parametrize("enabled", [False, True])
def test_restored_it_walks_on_as_if_nothing_had_been(
    run: RunFolder, method: str, enabled: bool
) -> None:
    whole = progress_of(method, enabled=enabled)
    walk(whole, 3)
    checkpoint.save(run, whole, AROUND, 2)
    walk(whole, 3, seed=1)
    again = progress_of(method, enabled=enabled)
    walk(again, 1, seed=9)  # whatever it did before
    assert checkpoint.restore(run, again, AROUND) == []
    assert again.step == 3
    walk(again, 3, seed=1)
    for name, tensor in whole.module.state_dict().items():
        assert torch.equal(tensor, again.module.state_dict()[name]), name
    assert again.scaler.state_dict() == whole.scaler.state_dict()


def test_buffers_keep_the_memory_layout_of_their_parameters(run: RunFolder) -> None:
    """Or fused updates would add in another order, and the last bits differ."""
    progress = progress_of("adamw")
    walk(progress, 2)
    checkpoint.save(run, progress, AROUND, 2)
    again = progress_of("adamw")
    checkpoint.restore(run, again, AROUND)
    weight = again.module[0].weight
    state = again.optimizer.state[weight]
    assert state["exp_avg"].stride() == weight.stride() == (27, 1, 9, 3)
    assert float(state["step"]) == 2


def test_the_average_comes_back_or_begins_with_the_weights(run: RunFolder) -> None:
    progress = progress_of()
    assert progress.average is not None
    progress.average["0.weight"].fill_(7.0)
    checkpoint.save(run, progress, AROUND, 2)
    again = progress_of()
    checkpoint.restore(run, again, AROUND)
    assert again.average is not None
    assert (again.average["0.weight"] == 7).all()
    walk(progress, 1)
    checkpoint.save(run, replace(progress, average=None), AROUND, 2)
    checkpoint.restore(run, again, AROUND)
    assert torch.equal(again.average["0.weight"], progress.module[0].weight)


def test_generations(run: RunFolder) -> None:
    progress = progress_of()
    for _ in range(4):
        checkpoint.save(run, progress, AROUND, 2)
        walk(progress, 1)
    assert [p.name for p in checkpoint.checkpoints(run)] == [
        "step-000000003.safetensors",
        "step-000000002.safetensors",
    ]
    checkpoint.save(run, progress, AROUND, 1)
    assert [p.stem for p in checkpoint.checkpoints(run)] == ["step-000000004"]


def test_only_checkpoints_are_listed(run: RunFolder) -> None:
    assert checkpoint.checkpoints(run) == []
    run.state.mkdir()
    for name in ("step-1.safetensors", ".step-000000001.safetensors.9.tmp", "notes.txt"):
        (run.state / name).write_text("mine")
    assert checkpoint.checkpoints(run) == []


def two_checkpoints(run: RunFolder) -> Progress:
    progress = progress_of()
    for _ in range(2):
        walk(progress, 1)
        checkpoint.save(run, progress, AROUND, 2)
    return progress


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-9] ^= 4
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, flip, empty])
def test_d08_a_damaged_one_is_named_and_the_one_before_it_used(
    run: RunFolder, damage: Callable[[Path], None]
) -> None:
    two_checkpoints(run)
    damage(checkpoint.checkpoints(run)[0])
    again = progress_of()
    (warning,) = checkpoint.restore(run, again, AROUND)
    assert warning.startswith("step-000000002.safetensors is damaged and passed over (RC50")
    assert again.step == 1


@pytest.mark.parametrize("trials", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_d08_every_flipped_bit_is_found(run: RunFolder, trials: int) -> None:
    two_checkpoints(run)
    path = checkpoint.checkpoints(run)[0]
    good = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    for _ in range(trials):
        place = int(torch.randint(len(good) * 8, (), generator=generator))
        data = bytearray(good)
        data[place // 8] ^= 1 << place % 8
        path.write_bytes(data)
        again = progress_of()
        assert len(checkpoint.restore(run, again, AROUND)) == 1, place
        assert again.step == 1


def test_d08_what_was_passed_over_is_cleared_away_at_the_next_save(run: RunFolder) -> None:
    """Else it would count as a generation, and one damaged file more would end the run."""
    two_checkpoints(run)
    cut(checkpoint.checkpoints(run)[0])
    again = progress_of()
    checkpoint.restore(run, again, AROUND)
    walk(again, 1)
    again.step = 1  # a checkpoint at a time of its own, older than the damaged one's step
    checkpoint.save(run, again, AROUND, 2)
    assert [p.stem for p in checkpoint.checkpoints(run)] == ["step-000000001"]
    assert checkpoint.restore(run, progress_of(), AROUND) == []


def test_d10_none_is_whole(run: RunFolder) -> None:
    with pytest.raises(ModelFileError, match="no checkpoint to go on from") as caught:
        checkpoint.restore(run, progress_of(), AROUND)
    assert (caught.value.code, caught.value.exit_code) == ("RC530", 5)
    assert caught.value.got == "none"
    assert caught.value.fix == "start anew without --resume"
    run.last.touch()
    two_checkpoints(run)
    for path in checkpoint.checkpoints(run):
        cut(path)
    with pytest.raises(ModelFileError, match=r"step-000000002.*step-000000001") as caught:
        checkpoint.restore(run, progress_of(), AROUND)
    assert caught.value.code == "RC530"
    assert f"--init {run.last}" in caught.value.fix
    run.best.touch()
    with pytest.raises(ModelFileError, match=f"--init {run.best}"):
        checkpoint.restore(run, progress_of(), AROUND)


def test_d10_one_of_a_newer_version_is_not_passed_over(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = two_checkpoints(run)
    monkeypatch.setattr(weights_file, "FORMAT_VERSION", 2)
    walk(progress, 1)
    checkpoint.save(run, progress, AROUND, 2)
    monkeypatch.setattr(weights_file, "FORMAT_VERSION", 1)
    with pytest.raises(ModelFileError, match="newer version") as caught:
        checkpoint.restore(run, progress_of(), AROUND)
    assert caught.value.code == "RC508"
    with pytest.raises(ModelFileError, match="RC508"):
        checkpoint.require_same(run, AROUND)


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"classes": ("dog", "cat")}, "RC531", "cat, dog"),
        ({"classes": ("cat", "dog", "owl")}, "RC531", "cat, dog, owl"),
        (
            {"model": {"classes": 2, "anchors": {"sides": [16.0, 64.0], "stride": 16}}},
            "RC532",
            "anchors.sides was [16.0, 32.0], is [16.0, 64.0]",
        ),
        (
            {"training": {**AROUND.training, "optimizer": {"method": "adamw"}}},
            "RC533",
            "training.optimizer.method=sgd",
        ),
    ],
)
def test_d09_another_run_is_refused(
    run: RunFolder, change: dict[str, Any], code: str, text: str
) -> None:
    two_checkpoints(run)
    again = progress_of()
    before = {name: tensor.clone() for name, tensor in again.module.state_dict().items()}
    with pytest.raises(ModelFileError) as caught:
        checkpoint.restore(run, again, replace(AROUND, **change))
    assert caught.value.code == code
    assert text in str(caught.value)
    assert caught.value.place.endswith("step-000000002.safetensors")
    assert all(torch.equal(before[n], t) for n, t in again.module.state_dict().items())
    with pytest.raises(ModelFileError, match=code):  # and beforehand, from the header alone
        checkpoint.require_same(run, replace(AROUND, **change))


def test_the_same_run_is_not_refused_whatever_is_damaged(run: RunFolder) -> None:
    checkpoint.require_same(run, AROUND)  # no checkpoint yet
    two_checkpoints(run)
    checkpoint.require_same(run, replace(AROUND, data="xyz"))
    for path in checkpoint.checkpoints(run):
        path.write_bytes(path.read_bytes()[:20])
    checkpoint.require_same(run, replace(AROUND, classes=("owl",)))  # for `restore` to tell


def test_d09_other_circumstances_are_told_one_by_one(run: RunFolder) -> None:
    two_checkpoints(run)
    training = {**AROUND.training, "seed": 7, "batches": {"size": 4, "workers": 2, "timeout": 9.0}}
    other = replace(
        AROUND, training=training, data="xyz", machine={"threads": 2, "torch": "2", "device": "mps"}
    )
    warnings = checkpoint.restore(run, progress_of(), other)
    told = [text.removeprefix("resumed under other circumstances: ") for text in warnings]
    assert told == [
        "training.batches.size was 2, is 4",
        "training.seed was 0, is 7",
        "machine.device was None, is mps",
        "machine.threads was 1, is 2",
        "the training pictures or their boxes changed since",
    ]


def test_lists_and_tuples_are_alike(run: RunFolder) -> None:
    two_checkpoints(run)
    model = {"classes": 2, "anchors": {"sides": (16.0, 32.0), "stride": 16}}
    assert checkpoint.restore(run, progress_of(), replace(AROUND, model=model)) == []


def test_a_folder_that_cannot_be_made(run: RunFolder) -> None:
    run.state.write_text("a file in its way")
    with pytest.raises(DiskError, match="RC603"):
        checkpoint.save(run, progress_of(), AROUND, 2)


def test_an_old_one_that_cannot_be_removed(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = two_checkpoints(run)
    walk(progress, 1)

    def refuse(_self: Path, **_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    def arm(point: str) -> None:
        if point == "before_prune":
            monkeypatch.setattr(Path, "unlink", refuse)

    monkeypatch.setattr(files, "hooks", [arm])
    with pytest.raises(DiskError, match="RC602"):
        checkpoint.save(run, progress, AROUND, 2)
    assert len(checkpoint.checkpoints(run)) == 3


@pytest.mark.parametrize("change", [{"minutes": -1.0}, {"generations": 0}])
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match="RC350"):
        CheckpointConfig(**change)


def test_a_real_run_with_a_damaged_checkpoint_ends_the_same(
    make_job: Make, recorder: Callable, assert_same_run: Callable
) -> None:
    changes = ("training.checkpoint.minutes=0", "training.schedule.steps=5")
    whole = make_job(*changes, name="whole")
    fit(whole, Quiet())

    def die(_report: object) -> None:
        if len(Diary(stopped.run).steps()) == 4:
            raise KeyboardInterrupt

    stopped = make_job(*changes, name="stopped", callbacks=[die])
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, Quiet())
    flip(checkpoint.checkpoints(stopped.run)[0])
    stopped, display = make_job(*changes, name="stopped"), recorder()
    fit(stopped, display)
    assert "step-000000003.safetensors is damaged and passed over (RC505" in display.said[0]
    assert display.steps == [3, 4, 5]
    assert_same_run(whole.run, stopped.run)
