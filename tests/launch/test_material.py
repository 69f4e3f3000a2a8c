"""Data to train and validate on, weights to start from."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn import presets
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.errors import ConfigError, DataError, ModelFileError, PictureError
from frcnn.launch import material
from frcnn.launch.material import backbone_weights, fill, open_data, require_usable, usable_pictures
from frcnn.model.backbone import BackboneConfig
from frcnn.model.batch import CAFFE, TORCHVISION
from frcnn.presets import RunConfig, StartConfig
from frcnn.training import keep
from frcnn.training.start import new_model
from frcnn.weights.backbone import BackboneWeights

WEIGHTS = BackboneWeights(tensors={}, preprocessing=TORCHVISION, origin="theirs")


@pytest.fixture
def copied(rectangles: Path, tmp_path: Path) -> Path:
    """The pictures once more, to be spoilt."""
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    return root


def asking(**start: str) -> RunConfig:
    return replace(presets.resnet18(), start=StartConfig(**start))


def test_splits_as_the_folder_has_them(rectangles: Path) -> None:
    dataset, train, val = open_data(RunConfig(data=str(rectangles)))
    assert dataset.name == "rectangles"
    assert (train.name, len(train), val.name, len(val)) == ("train", 10, "val", 3)


def test_without_a_validation_split_a_share_stands_in(copied: Path) -> None:
    (copied / "ImageSets" / "Main" / "val.txt").unlink()
    config = RunConfig(data=str(copied), validation_share=0.3)
    _, train, val = open_data(config)
    assert (len(train), len(val)) == (7, 3)
    assert not {r.name for r in train.records} & {r.name for r in val.records}
    again = open_data(config)
    assert [r.name for r in again[2].records] == [r.name for r in val.records]


@pytest.mark.parametrize(
    ("lists", "learnt_from", "judged_on_own_split"),
    [
        (["train", "val", "test"], "train", True),
        (["trainval", "test"], "trainval", False),
        (["train", "test"], "train", False),
        (["trainval", "val"], "trainval", True),
        (["val"], "val", False),
        (["all"], "all", False),
    ],
)
def test_never_learnt_from_the_test_or_the_validation_split(
    copied: Path, lists: list[str], learnt_from: str, judged_on_own_split: bool
) -> None:
    folder = copied / "ImageSets" / "Main"
    names = folder.joinpath("train.txt").read_text().splitlines()
    for path in folder.iterdir():
        path.unlink()
    shares = {name: names[row :: len(lists)] for row, name in enumerate(lists)}
    for name, share in shares.items():
        (folder / f"{name}.txt").write_text("\n".join(share))
    _, train, val = open_data(RunConfig(data=str(copied)))
    learnt, judged = ({record.name for record in split.records} for split in (train, val))
    assert not learnt & judged
    if judged_on_own_split:
        assert (learnt, judged) == (set(shares[learnt_from]), set(shares["val"]))
    else:
        assert learnt | judged == set(shares[learnt_from])


def test_trainval_without_its_validation_pictures(copied: Path) -> None:
    """In VOC `trainval` is `train` and `val` together."""
    folder = copied / "ImageSets" / "Main"
    both = folder.joinpath("train.txt").read_text() + folder.joinpath("val.txt").read_text()
    folder.joinpath("train.txt").rename(folder / "trainval.txt").write_text(both)
    _, train, val = open_data(RunConfig(data=str(copied)))
    assert {record.name for record in train.records} == {f"train{n:02}" for n in range(10)}
    assert {record.name for record in val.records} == {f"val{n:02}" for n in range(3)}


def test_trainval_that_is_nothing_but_the_validation_pictures_is_shared_out(copied: Path) -> None:
    folder = copied / "ImageSets" / "Main"
    names = folder.joinpath("train.txt").read_text()
    folder.joinpath("train.txt").rename(folder / "trainval.txt")
    folder.joinpath("val.txt").write_text(names)
    _, train, val = open_data(RunConfig(data=str(copied)))
    assert (len(train), len(val)) == (8, 2)


def test_a_training_split_that_is_named_is_learnt_from_whole(copied: Path) -> None:
    """The paper learns from all of trainval; validation on val is then on what was learnt."""
    folder = copied / "ImageSets" / "Main"
    both = folder.joinpath("train.txt").read_text() + folder.joinpath("val.txt").read_text()
    folder.joinpath("trainval.txt").write_text(both)
    asked = RunConfig(data=str(copied), training_split="trainval")
    _, train, val = open_data(asked)
    assert (train.name, len(train), val.name, len(val)) == ("trainval", 13, "val", 3)
    assert val.in_common(train) == 3
    _, train, val = open_data(RunConfig(data=str(copied)))  # found by looking: apart
    assert (train.name, len(train), val.in_common(train)) == ("train", 10, 0)
    folder.joinpath("val.txt").unlink()
    _, train, val = open_data(asked)
    assert (len(train), len(val), val.in_common(train)) == (10, 3, 0)
    _, train, val = open_data(replace(asked, training_split="Training"))
    assert (len(train), len(val)) == (8, 2)


def test_the_papers_presets_refuse_data_without_their_split(rectangles: Path) -> None:
    config = replace(presets.vgg16_voc07(), data=str(rectangles))
    with pytest.raises(ConfigError, match="RC320") as caught:
        open_data(config)
    assert (caught.value.got, caught.value.want) == ("'trainval'", "train, val")
    assert "--set training_split=" in caught.value.fix
    assert len(open_data(replace(config, training_split="train"))[1]) == 10


def test_no_data_was_named() -> None:
    with pytest.raises(ConfigError, match="RC354") as caught:
        open_data(RunConfig())
    assert caught.value.place == "--data"


def test_whole_pictures_are_all_used(rectangles: Path) -> None:
    dataset = Dataset.open(rectangles)
    splits, report = usable_pictures(dataset.split("train"), dataset.split("val"))
    assert [len(split) for split in splits] == [10, 3]
    assert not report.problems


def cut(root: Path, name: str) -> None:
    path = root / "JPEGImages" / f"{name}.png"
    path.write_bytes(path.read_bytes()[:-60])


def looked_over(dataset: Dataset) -> tuple[list[Split], list[Split], Report]:
    splits = [dataset.split("train"), dataset.split("val")]
    return splits, *usable_pictures(*splits)


def test_more_than_one_in_a_hundred_damaged_is_too_many(copied: Path) -> None:
    cut(copied, "train04")
    dataset = Dataset.open(copied)
    with pytest.raises(
        PictureError, match=r"1 of 13 pictures are unusable, more than max_bad=0\.01"
    ) as caught:
        require_usable(*looked_over(dataset), max_bad=0.01)
    assert caught.value.place.endswith("train04.png")


def test_a_few_damaged_ones_are_left_out_and_reported(copied: Path) -> None:
    cut(copied, "train04")
    dataset = Dataset.open(copied)
    splits, (train, val), report = looked_over(dataset)
    require_usable(splits, (train, val), report, max_bad=0.1)
    assert (len(train), len(val)) == (9, 3)
    assert "train04" not in {record.name for record in train.records}
    assert "1 picture skipped" in report.summary()


def test_a_split_of_which_nothing_is_left(copied: Path) -> None:
    for number in range(3):
        cut(copied, f"val{number:02}")
    dataset = Dataset.open(copied)
    with pytest.raises(DataError):
        require_usable(*looked_over(dataset), max_bad=0.9)


@pytest.mark.parametrize("start", [{"backbone_weights": "none"}, {"init": "runs/a-001"}])
def test_none_wanted(start: dict[str, str], said: list[str]) -> None:
    assert backbone_weights(asking(**start), said.append) is None
    assert said == []


def test_without_a_network_it_starts_from_scratch_and_says_so(said: list[str]) -> None:
    assert backbone_weights(asking(), said.append) is None
    first, then, remedy = said
    assert first.startswith("warning: the published weights cannot be had (FRCNN_OFFLINE is set")
    assert "so resnet18 starts from random numbers" in then
    assert "--backbone-weights" in remedy


def test_a_network_without_published_weights_starts_from_scratch_and_says_so(
    said: list[str],
) -> None:
    config = asking()
    model = replace(config.model, backbone=BackboneConfig(name="zf"))
    assert backbone_weights(replace(config, model=model), said.append) is None
    assert said[0].startswith("warning: no weights of zf are known here")
    assert "so zf starts from random numbers" in said[1]
    assert "--backbone-weights FILE" in said[2]


def test_published_weights_that_were_named_must_be_had(said: list[str]) -> None:
    with pytest.raises(ModelFileError, match="RC540"):
        backbone_weights(asking(backbone_weights="ResNet18_Weights.IMAGENET1K_V1"), said.append)


def test_published_weights_that_there_are_not(said: list[str]) -> None:
    with pytest.raises(ModelFileError, match="RC542"):
        backbone_weights(asking(backbone_weights="ResNet18_Weights.IMAGENET1K_V7"), said.append)


def test_published_weights_of_another_network(said: list[str]) -> None:
    with pytest.raises(ConfigError, match="RC356") as caught:
        backbone_weights(asking(backbone_weights="VGG16_Weights.IMAGENET1K_V1"), said.append)
    assert caught.value.place == "--backbone-weights"
    assert "vgg16" in caught.value.got


def test_published_weights_in_the_cache(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def read(name: str, **_: Any) -> BackboneWeights:
        asked.append(name)
        return WEIGHTS

    monkeypatch.setattr(material, "read_published", read)
    assert backbone_weights(asking(), said.append) is WEIGHTS
    assert asked == ["ResNet18_Weights.IMAGENET1K_V1"]


@pytest.mark.parametrize("damage", ["RC541", "RC510"])
def test_a_damaged_cache_is_not_passed_over(
    said: list[str], monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    def read(name: str, **_: Any) -> BackboneWeights:
        raise ModelFileError(damage, name, "not right", fix="-")

    monkeypatch.setattr(material, "read_published", read)
    with pytest.raises(ModelFileError, match=damage):
        backbone_weights(asking(), said.append)


@pytest.mark.parametrize(
    ("preprocessing", "asked", "found"),
    [(None, "caffe", CAFFE), (CAFFE, "torchvision", TORCHVISION), (CAFFE, "", CAFFE)],
)
def test_a_file_says_how_pictures_are_prepared_or_the_option_does(
    said: list[str], monkeypatch: pytest.MonkeyPatch, preprocessing: Any, asked: str, found: Any
) -> None:
    weights = replace(WEIGHTS, preprocessing=preprocessing)
    monkeypatch.setattr(material, "read_backbone", lambda *_: weights)
    config = asking(backbone_weights="my.pth", preprocessing=asked)
    read = backbone_weights(config, said.append)
    assert read is not None
    assert read.preprocessing == found


@pytest.mark.parametrize(("asked", "code"), [("", "RC535"), ("imagenet", "RC355")])
def test_a_file_that_says_nothing_is_refused(
    said: list[str], monkeypatch: pytest.MonkeyPatch, asked: str, code: str
) -> None:
    monkeypatch.setattr(material, "read_backbone", lambda *_: replace(WEIGHTS, preprocessing=None))
    with pytest.raises((ModelFileError, ConfigError), match=code) as caught:
        backbone_weights(asking(backbone_weights="my.pth", preprocessing=asked), said.append)
    assert "torchvision" in str(caught.value)


def test_filling(tmp_path: Path, options: Callable) -> None:
    config = replace(asking(backbone_weights="none"), data="d")
    model = new_model(replace(config.model, classes=2), 0)
    assert fill(model, config, ("a", "b"), None) == "random numbers"
    own = model.backbone.body.state_dict()
    theirs = replace(WEIGHTS, tensors={n: torch.zeros_like(t) for n, t in own.items()})
    sentence = fill(model, config, ("a", "b"), theirs)
    assert sentence == "backbone from theirs, head from random numbers"
    path = tmp_path / "w.safetensors"
    keep.weights(path, model, ("a", "b"), {})
    sentence = fill(model, asking(init=str(path)), ("a", "z"), None)
    assert sentence == (
        f"weights from {path}, 1 classes known, new ones start from random numbers: z"
    )


def test_weights_that_a_changed_network_does_not_fit_say_what_to_leave_out(
    tmp_path: Path, options: Callable
) -> None:
    config = asking()
    path = tmp_path / "w.safetensors"
    keep.weights(path, new_model(replace(config.model, classes=2), 0), ("a", "b"), {})
    anchors = replace(config.model.anchors, sides=(16.0,))
    other = new_model(replace(config.model, classes=2, anchors=anchors), 0)
    with pytest.raises(ModelFileError, match="RC510") as caught:
        fill(other, asking(init=str(path)), ("a", "b"), None)
    assert caught.value.fix.endswith("the network: --model, --config, --set model...")
    path.write_bytes(b"no weights")
    with pytest.raises(ModelFileError, match="RC50"):
        fill(other, asking(init=str(path)), ("a", "b"), None)


def test_decoding_and_downloads_are_counted(
    rectangles: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int]] = []

    @contextmanager
    def count(what: str, total: int) -> Iterator[Callable[[int], None]]:
        yield lambda done: seen.append((what, done, total))

    dataset = Dataset.open(rectangles)
    usable_pictures(dataset.split("val"), count=count)
    assert seen == [("val pictures decoded", done, 3) for done in (1, 2, 3)]

    def read(name: str, *, say: Any, progress: Callable[[int, int], None]) -> BackboneWeights:
        for done in (1, 2):
            progress(done << 20, 2 << 20)
        return WEIGHTS

    seen.clear()
    monkeypatch.setattr(material, "read_published", read)
    assert backbone_weights(asking(), said.append, count) is WEIGHTS
    assert seen == [("MiB", 1, 2), ("MiB", 2, 2)]


def test_tiles_of_one_picture_are_not_shared_out(copied: Path) -> None:
    lists = copied / "ImageSets" / "Main"
    (lists / "val.txt").unlink()
    names = (lists / "train.txt").read_text().split()
    row = '{{"tile": "{}.png", "picture": "{}", "x1": 0, "y1": 0, "x2": 9, "y2": 9}}\n'
    larger = {name: f"big{number // 2}.tif" for number, name in enumerate(names)}
    (copied / "tiles.jsonl").write_text("".join(row.format(*each) for each in larger.items()))
    for seed in range(5):
        config = RunConfig(data=str(copied), validation_share=0.4)
        training = replace(config.training, seed=seed)
        _, train, val = open_data(replace(config, training=training))
        parts = [{larger[r.name] for r in part.records} for part in (train, val)]
        assert (len(val), parts[0] & parts[1]) == (4, set())
