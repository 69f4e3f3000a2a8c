"""`frcnn data show --augmented`: what is drawn is what training is fed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from frcnn import api, settings
from frcnn.data.dataset import Dataset
from frcnn.data.sheet import CELL, Cell
from frcnn.errors import ConfigError, DataError, TrainingError
from frcnn.launch import augmented
from frcnn.launch.augmented import show_augmented, varied_by
from frcnn.launch.run import launch
from frcnn.model.batch import visible
from frcnn.presets import resnet18
from frcnn.training.feed import feed
from frcnn.training.job import length_of

ALL = (
    "training.augmentation.scale=[0.5, 1.5]",
    "training.augmentation.crop=1",
    "training.augmentation.photometric=1",
    "training.batches.flip_vertical=random",
)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """All cells that were drawn, in order."""
    cells: list[Cell] = []
    real = augmented.write_sheet

    def write_sheet(path: Path, head: Any, more: list[Cell], columns: int) -> None:
        cells.extend(more)
        real(path, head, more, columns)

    monkeypatch.setattr(augmented, "write_sheet", write_sheet)
    return cells


@pytest.fixture
def ask(options: Callable[..., dict[str, Any]], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Options of a tiny look: `ask(*settings, step=2)`."""

    def make(*pairs: str, **more: Any) -> dict[str, Any]:
        asked = options("training.schedule.steps=40", *pairs)
        own = {"out": tmp_path / "a.png", "pictures": 3, "looks": 2, "quiet": True}
        return {"model": asked["model"], "settings": asked["settings"], **own, **more}

    return make


def fed(data: Any, asked: dict[str, Any], runs: Path) -> dict[int, list[Any]]:
    """What a training with these options feeds its network, by step."""
    names = ("model", "settings", "seed", "augment")
    own = {name: asked[name] for name in names if name in asked}
    job = launch(data, {**own, "out": runs, "device": "cpu", "quiet": True}, lambda _: None).job

    def never(*_: object) -> None:
        raise AssertionError

    steps = enumerate(feed(job, length_of(job), 0, never), start=1)
    norm = job.model.config.pictures.normalisation
    return {
        step: [
            (visible(e.prepared.pixels, norm).permute(1, 2, 0).numpy(), e.target.boxes.tolist())
            for part in parts
            for e in part
        ]
        for step, parts in steps
    }


def grey(picture, target):
    """Stand for a function of a user's."""
    return v2.RandomGrayscale(0.5)(picture), target


@pytest.mark.parametrize(
    ("pairs", "more"),
    [
        ((), {}),
        (ALL, {"seed": 3, "step": 4}),
        ((*ALL, "training.batches.flip=double"), {"augment": grey}),
        (("training.scheme=alternating", "training.alternating.rpn.batch=2"), {}),
    ],
)
def test_what_is_drawn_is_what_training_is_fed(
    rectangles: Path,
    ask: Callable[..., dict[str, Any]],
    drawn: list[Cell],
    tmp_path: Path,
    pairs: tuple[str, ...],
    more: dict[str, Any],
) -> None:
    """To the pixel, and the boxes to the bit, in the step that is named beneath each picture."""
    asked = ask(*pairs, **more)
    answer = show_augmented(rectangles, asked, lambda _: None)
    if "training.scheme=alternating" in pairs:  # its first step, fed by hand: batches of two
        asked = ask("training.batches.size=2", **more)
    by_step = fed(rectangles, asked, tmp_path / "runs")
    looks = [cell for cell in drawn if cell.title.startswith("step ")]
    assert len(looks) == answer.looks == 6
    assert answer.steps == len(by_step)
    for cell in looks:
        step = int(cell.title.split(",")[0].removeprefix("step "))
        assert step >= more.get("step", 1)
        boxes = sorted(list(mark.box) for mark in cell.marks)
        assert any(
            np.array_equal(cell.pixels, pixels) and boxes == sorted(want)
            for pixels, want in by_step[step]
        )


def test_golden_the_sheet_itself_has_these_pixels(
    rectangles: Path, ask: Callable[..., dict[str, Any]], drawn: list[Cell]
) -> None:
    """A picture as wide as its cell is pasted as it is; boxes hide parts of it."""
    wide = ("model.pictures.shorter_side=390", f"model.pictures.longer_side={CELL}")
    asked = ask(*wide, pictures=1, looks=1, seed=1)  # it begins with a wide picture
    answer = show_augmented(rectangles, asked, lambda _: None)
    with Image.open(answer.sheets[0]) as file:
        sheet = np.asarray(file)
    pixels = drawn[1].pixels
    assert pixels is not None
    assert pixels.shape[1] == CELL
    left = CELL + 32  # the second cell
    area = sheet[:, left : left + CELL]
    same = [
        (area[top : top + len(pixels)] == pixels).all(axis=2).mean()
        for top in range(40, 160)
        if top + len(pixels) <= len(area)
    ]
    assert max(same) > 0.7


def test_sheets_and_what_is_said(
    rectangles: Path, ask: Callable[..., dict[str, Any]], said: list[str]
) -> None:
    answer = show_augmented(rectangles, ask(*ALL, per_sheet=6), said.append)
    assert [path.name for path in answer.sheets] == ["a_1.png", "a_2.png"]
    assert (answer.pictures, answer.of, answer.looks, answer.emptied) == (3, 10, 6, 0)
    assert str(answer).startswith("3 of 10 training pictures, 6 looks at them, on ")
    assert "varied by: mirrored with chance 0.5; upside down" in str(answer)
    assert json.loads(json.dumps(answer.to_json(), allow_nan=False))["looks"] == 6
    assert said[0].startswith("data rectangles: 10 pictures to train on")


def test_nothing_but_the_sheet_is_written(
    rectangles: Path, ask: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ask()
    del asked["out"]
    show_augmented(rectangles, asked, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["rectangles_augmented.png"]


def test_published_weights_are_not_fetched(
    rectangles: Path, ask: Callable[..., dict[str, Any]], monkeypatch
) -> None:
    """Online, a training would fetch them: its batches are those of a start from them."""
    monkeypatch.delenv("FRCNN_OFFLINE")
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("a download"))
    asked = {**ask(), "settings": ["training.schedule.epochs=2"]}
    assert show_augmented(rectangles, asked, lambda _: None).steps == 10  # batches of two
    monkeypatch.setenv("FRCNN_OFFLINE", "1")
    assert show_augmented(rectangles, asked, lambda _: None).steps == 4  # from scratch: of eight


def test_the_config_of_a_run_and_an_open_data_set(
    rectangles: Path, ask: Callable[..., dict[str, Any]], drawn: list[Cell], tmp_path: Path
) -> None:
    asked = ask(*ALL)
    run = launch(
        rectangles,
        {**{n: asked[n] for n in ("model", "settings")}, "out": tmp_path, "device": "cpu"},
        lambda _: None,
    ).job.run
    show_augmented(rectangles, asked, lambda _: None)
    first = [cell.pixels for cell in drawn]
    drawn.clear()
    by_file = {**asked, "config": run.config}
    del by_file["settings"], by_file["model"]
    show_augmented(Dataset.open(rectangles), by_file, lambda _: None)
    for cell, want in zip(drawn, first, strict=True):
        np.testing.assert_array_equal(cell.pixels, want)


def test_one_class_and_one_split(
    rectangles: Path, ask: Callable[..., dict[str, Any]], drawn: list[Cell]
) -> None:
    show_augmented(rectangles, ask(class_name="red", pictures=99), lambda _: None)
    assert {mark.caption for cell in drawn for mark in cell.marks} == {"red", ""}
    drawn.clear()
    answer = show_augmented(rectangles, ask(split="val"), lambda _: None)
    assert answer.of < 10
    assert drawn[0].title.startswith("val")


def test_looks_that_lose_all_boxes_are_counted(
    rectangles: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    def nothing_left(picture, target):
        return picture, {name: value[:0] for name, value in target.items()}

    answer = show_augmented(rectangles, ask(augment=nothing_left), lambda _: None)
    assert answer.emptied == 6
    assert str(answer).endswith("6 looks in which no box of the picture is left")


def test_what_varies_in_words() -> None:
    plain = resnet18().training
    assert varied_by(plain) == ("mirrored with chance 0.5",)
    off = settings.apply_overrides(resnet18(), ["training.batches.flip=none"]).training
    assert varied_by(off) == ()
    every = settings.apply_overrides(resnet18(), [*ALL, "training.augmentation.own=a.b"]).training
    assert varied_by(every) == (
        "a.b",
        "mirrored with chance 0.5",
        "upside down with chance 0.5",
        "colours with chance 1",
        "crop with chance 1",
        "scale 0.5 to 1.5",
    )


# wrong in


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"class_name": "rad"}, "RC377"),
        ({"step": 41}, "RC350"),
        ({"looks": 0}, "RC350"),
        ({"split": "dev"}, "RC320"),
        ({"out": "a.jpg"}, "RC378"),
        ({"settings": ["training.augmentation.crop=2"]}, "RC350"),
        ({"settings": ["training.augmentation.own=theirs.function"]}, "RC312"),
        ({"augment": lambda picture, target: picture}, "RC311"),
        ({"augment": grey, "settings": ["training.scheme=alternating"]}, "RC313"),
    ],
)
def test_wrong_in_what_is_asked_for(
    rectangles: Path, ask: Callable[..., dict[str, Any]], more: dict[str, Any], code: str
) -> None:
    asked = ask(**more)
    with pytest.raises(ConfigError, match=code):
        show_augmented(rectangles, asked, lambda _: None)
    assert not Path(asked["out"]).exists()


def test_a_function_that_fails_is_told_as_in_training(
    rectangles: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    def fails(picture, target):
        raise ZeroDivisionError("own")

    with pytest.raises(TrainingError, match="RC413") as caught:
        show_augmented(rectangles, ask(augment=fails), lambda _: None)
    assert caught.value.got == "ZeroDivisionError: own"


def test_a_class_that_no_training_picture_has(
    rectangles: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    data = Dataset.open(rectangles, classes=["red", "blue", "green"])
    with pytest.raises(ConfigError, match="RC379"):
        show_augmented(data, ask(class_name="green"), lambda _: None)


def test_data_that_cannot_be_used(
    rectangles: Path, tmp_path: Path, ask: Callable[..., dict[str, Any]], said: list[str]
) -> None:
    shutil.copytree(rectangles, tmp_path / "cut")
    for path in sorted((tmp_path / "cut" / "JPEGImages").glob("train*"))[:4]:
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError):
        show_augmented(tmp_path / "cut", ask(), said.append)
    assert said[-1].startswith("data: 4 errors")


def test_in_python(rectangles: Path, ask: Callable[..., dict[str, Any]]) -> None:
    assert api.show_augmented(rectangles, **ask(augment=grey)).varied[0].endswith("grey")
    with pytest.raises(ConfigError, match="RC310") as caught:
        api.show_augmented(rectangles, look=3)  # type: ignore[call-arg]
    assert caught.value.fix == "did you mean looks?"
