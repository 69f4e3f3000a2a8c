"""Detectors from files of ours: found, proven whole, and computed as training computed them."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from frcnn import machine
from frcnn.errors import ConfigError, FrcnnError, ModelFileError
from frcnn.machine import devices
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.predictor import Detector
from frcnn.prediction.saved import (
    load_detector,
    network_settings,
    read_saved,
    weights_path,
)
from frcnn.run_folder import RunFolder
from frcnn.settings import to_mapping
from frcnn.weights import file as weights_file
from frcnn.weights.file import Header

CLASSES = ("bolt", "nut", "washer")
Write = Callable[..., Path]


@pytest.fixture
def write(network: FasterRCNN, tmp_path: Path) -> Write:
    """Write the small network's weights; what the header shall say otherwise, by name."""

    def write(path: Path | None = None, **changes: object) -> Path:
        path = path or tmp_path / "weights.safetensors"
        header = Header(classes=CLASSES, config=to_mapping(network.config))
        weights_file.save(path, network.state_dict(), replace(header, **changes))
        return path

    return write


@pytest.fixture
def run(write: Write, tmp_path: Path) -> RunFolder:
    """A run folder with best and last weights."""
    run = RunFolder.create(tmp_path / "runs", "screws")
    run.config.write_text("")
    write(run.best, extra={"step": 1})
    write(run.last, extra={"step": 2})
    return run


# --- golden


def test_the_same_detections_as_the_network_that_was_saved(
    write: Write, detector: Detector, make_photo: Callable[..., np.ndarray]
) -> None:
    loaded = load_detector(write(), device="cpu", precision="float32")
    ours, theirs = (d.predict(make_photo(), probabilities=True) for d in (loaded, detector))
    assert loaded.classes == CLASSES
    assert len(ours) > 0
    assert torch.equal(ours.boxes, theirs.boxes)
    assert torch.equal(ours.scores, theirs.scores)
    assert torch.equal(ours.detections.probabilities, theirs.detections.probabilities)
    assert loaded.module.config == detector.module.config


def test_the_module_is_a_plain_one_that_can_be_trained_on(
    write: Write, network: FasterRCNN
) -> None:
    module = load_detector(write(), device="cpu").module
    assert not any(tensor.is_meta for tensor in module.state_dict().values())
    for (name, ours), theirs in zip(module.named_parameters(), network.parameters(), strict=True):
        assert torch.equal(ours, theirs), name
        assert ours.requires_grad == theirs.requires_grad, name


def test_nobodys_random_numbers_are_drawn(write: Write) -> None:
    path = write()
    torch.manual_seed(5)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    load_detector(path, device="cpu")
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_most_pictures_at_once(write: Write) -> None:
    assert load_detector(write(), device="cpu", batch=3).batch == 3


# --- which file


def test_of_a_run_the_best_weights(run: RunFolder) -> None:
    saved = read_saved(run.path, device="cpu")
    assert saved.path == run.best.resolve()
    assert saved.header.extra == {"step": 1}
    assert weights_path(run.path.parent / "latest") == run.best.resolve()
    assert weights_path(str(run.path)) == run.best.resolve()


def test_the_last_weights_are_not_taken_for_the_best_without_a_word(run: RunFolder) -> None:
    run.best.unlink()
    with pytest.raises(ConfigError, match="the run's best weights are not there") as raised:
        read_saved(run.path, device="cpu")
    assert raised.value.code == "RC371"
    assert raised.value.fix == (
        f"let it train on: frcnn train --resume {run.path}; or name the last ones, {run.last}"
    )
    assert read_saved(run.last, device="cpu").header.extra == {"step": 2}


def test_a_file_is_itself(run: RunFolder) -> None:
    assert weights_path(run.last) == run.last
    assert weights_path("any/where.safetensors") == Path("any/where.safetensors")


@pytest.mark.parametrize(("name", "code"), [("runs/none", "RC370"), ("none.safetensors", "RC501")])
def test_a_path_that_leads_nowhere(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(FrcnnError) as caught:
        load_detector(tmp_path / name)
    assert caught.value.code == code


def test_a_run_without_weights(run: RunFolder) -> None:
    run.best.unlink()
    run.last.unlink()
    with pytest.raises(ConfigError) as raised:
        load_detector(run.path)
    assert raised.value.code == "RC371"
    assert raised.value.place == str(run.path.resolve())
    assert "no weights yet" in raised.value.what
    assert f"frcnn train --resume {run.path}" in raised.value.fix
    assert "--set training.optimizer.learning_rate=X" in raised.value.fix


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_detector(tmp_path)
    assert raised.value.code == "RC370"


def test_an_rpn_is_no_detector(write: Write, tmp_path: Path) -> None:
    path = write(extra={"judged_by": "proposals"})
    saved = read_saved(path, device="cpu")
    assert saved.detector.classes == CLASSES  # what `frcnn propose` takes
    with pytest.raises(ModelFileError, match="RC539") as caught:
        load_detector(path, device="cpu")
    assert "frcnn propose" in caught.value.fix
    whole = write(tmp_path / "whole.safetensors", extra={"judged_by": "detections"})
    assert read_saved(whole, device="cpu").whole.classes == CLASSES


def test_which_weights_these_are(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same from everywhere: a run that is resumed elsewhere compares it."""
    about = read_saved(run.path, device="cpu").about
    assert about == {
        "weights": f"{run.path.name}/best.safetensors",
        "sha256": weights_file.read_header(run.best).sha256,
    }
    monkeypatch.chdir(run.path)
    assert read_saved("best.safetensors", device="cpu").about == about


# --- precision


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that the processor multiplies bfloat16 natively, or not."""

    def pretend(*, native: bool) -> None:
        monkeypatch.setattr(devices, "has_native_bfloat16", lambda: native)

    return pretend


@pytest.mark.parametrize(
    ("trained", "native", "asked", "used"),
    [
        ("float32", True, "auto", torch.float32),  # its figures come out again to the bit
        ("float32", False, "auto", torch.float32),
        ("bfloat16", True, "auto", torch.bfloat16),
        ("bfloat16", False, "auto", torch.float32),  # emulated it would be slower
        ("float16", True, "auto", torch.bfloat16),  # of a card; no CPU computes in it
        ("float16", False, "auto", torch.float32),
        ("float32", True, "bfloat16", torch.bfloat16),  # who asks is heard
        ("bfloat16", True, "float32", torch.float32),
        ("bfloat16", False, "bfloat16", torch.bfloat16),
        (None, True, "auto", torch.bfloat16),  # a file that says nothing
        ("decimal", False, "auto", torch.float32),
        (["float32"], True, "auto", torch.bfloat16),
    ],
)
def test_precision(write: Write, processor, trained, native, asked, used) -> None:
    processor(native=native)
    path = write(extra={} if trained is None else {"precision": trained})
    assert load_detector(path, device="cpu", precision=asked).precision == used


def test_a_precision_that_the_device_has_not_is_refused_when_asked_for(write: Write) -> None:
    with pytest.raises(ConfigError, match="RC363"):
        load_detector(write(), device="cpu", precision="float16")
    with pytest.raises(ConfigError, match="RC362"):
        load_detector(write(), device="cpu", precision="half")


def test_a_device_that_is_not_here(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="RC361"):
        load_detector(write(), device="cuda")


# --- files that cannot be used


@pytest.mark.parametrize(
    ("change", "got"),
    [
        ({"backbone": {"name": "vgg99"}}, "vgg99"),
        ({"neck": {}}, "neck"),
        ({"anchors": {"stride": "eight"}}, "eight"),
        ({"classes": 0}, "0"),
    ],
)
def test_a_network_that_this_version_does_not_know(
    write: Write, network: FasterRCNN, change: dict, got: str
) -> None:
    path = write(config={**to_mapping(network.config), **change})
    with pytest.raises(ModelFileError) as raised:
        load_detector(path)
    error = raised.value
    assert (error.code, error.exit_code, error.place) == ("RC536", 5, str(path))
    assert got in error.got
    assert "use the version that wrote it (frcnn " in error.fix


def test_a_header_without_settings_is_not_guessed_at(write: Write) -> None:
    """Defaults describe a network, too; its weights are others."""
    with pytest.raises(ModelFileError, match="RC537"):
        load_detector(write(config={}))
    with pytest.raises(ModelFileError, match="RC510"):
        load_detector(write(config={"classes": 3}))


def test_settings_are_read_as_they_were_written(write: Write, network: FasterRCNN) -> None:
    path = write()
    assert network_settings(path, weights_file.read_header(path)) == network.config


def test_settings_that_do_not_fit_the_tensors_cost_no_memory(
    write: Write, network: FasterRCNN
) -> None:
    """A head of 10^12 weights, 4 TB: refused by its shape before anything is laid out."""
    config = to_mapping(network.config)
    path = write(config={**config, "box_head": {**config["box_head"], "width": 10**6}})
    with pytest.raises(ModelFileError) as raised:
        load_detector(path)
    assert raised.value.code == "RC510"
    assert "instead of" in raised.value.got
    assert machine.peak_memory() < 8 * 2**30


def test_other_classes_than_the_network_has(write: Write) -> None:
    path = write(classes=("bolt", "nut"))
    with pytest.raises(ModelFileError) as raised:
        load_detector(path, device="cpu")
    assert (raised.value.code, raised.value.place) == ("RC537", str(path))
    assert (raised.value.got, raised.value.want) == ("2 names", "3, one for each class")


def test_a_flipped_byte(write: Write) -> None:
    path = write()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as raised:
        load_detector(path)
    assert (raised.value.code, raised.value.exit_code) == ("RC505", 5)
    assert str(path) in raised.value.place


@pytest.mark.parametrize("left", [0, 7, 200, 0.5])
def test_a_file_that_is_cut_short(write: Write, left: float) -> None:
    path = write()
    content = path.read_bytes()
    path.write_bytes(content[: left if left >= 1 else int(left * len(content))])
    with pytest.raises(ModelFileError) as raised:
        load_detector(path)
    assert raised.value.exit_code == 5
    assert str(path) in raised.value.place


def test_a_file_of_somebody_elses(write: Write, network: FasterRCNN, tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(network.state_dict(), path)
    with pytest.raises(ModelFileError) as raised:
        load_detector(path)
    assert raised.value.code.startswith("RC50")
    assert "weights_only" not in str(raised.value)


def test_weights_that_are_not_finite(network: FasterRCNN, tmp_path: Path) -> None:
    tensors = dict(network.state_dict())
    name = "box_head.logits.bias"
    tensors[name] = torch.full_like(tensors[name], torch.nan)
    path = tmp_path / "w.safetensors"
    header = Header(classes=CLASSES, config=to_mapping(network.config))
    weights_file.save(path, tensors, header)
    with pytest.raises(ModelFileError, match="RC525"):
        load_detector(path, device="cpu")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="RC501"):
        load_detector(tmp_path / "gone.safetensors")


@pytest.mark.parametrize(
    ("extra", "ids"),
    [({}, None), ({"category_ids": [18, 90, 3]}, (18, 90, 3)), ({"category_ids": [18]}, None)],
)
def test_the_ids_of_the_annotation_file(write: Write, extra: dict, ids: object) -> None:
    assert read_saved(write(extra=extra), device="cpu").category_ids == ids
