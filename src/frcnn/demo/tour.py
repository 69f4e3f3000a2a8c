"""The whole way, offline: draw scenes, train, evaluate, predict, and say how to repeat each step.

Every step is a verb of the command line, with the same options and results; nothing here is a
shortcut that a person could not take with pictures of their own.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

from frcnn import files, machine, presets
from frcnn.data.dataset import Dataset
from frcnn.demo.config import SceneConfig
from frcnn.demo.scenes import CLASSES, draw_scenes, holds_scenes
from frcnn.launch import TrainOptions, launch, train
from frcnn.launch.asked import first_settings
from frcnn.launch.contradictions import require_possible
from frcnn.launch.measure import MeasureOptions, measure
from frcnn.launch.measured import Measured
from frcnn.prediction.choice import Choice
from frcnn.prediction.folder import predict_folder
from frcnn.prediction.order import Order
from frcnn.prediction.saved import read_saved
from frcnn.prediction.sources import expand
from frcnn.prediction.summary import Summary
from frcnn.training.progress import Display

MODEL = "resnet18_scratch"
_SHOWN = 10
"""Scenes of the test split that are predicted and written with their boxes."""
_CONF = 0.5
"""Lowest score that is drawn."""

Say = Callable[[str], None]


class TourOptions(TypedDict, total=False):
    """What can be asked of a tour, in the words of the command line."""

    scenes: int
    """Scenes to train on; a fifth of it is drawn to validate, three tenths to test."""
    epochs: float
    out: str | Path
    """The folder of all runs; `runs` where none is named."""
    seed: int
    workers: int
    settings: Sequence[str]
    """`name=value` pairs, laid over the preset."""
    device: str
    precision: str
    quiet: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Tour:
    """What the tour made."""

    scenes: Path
    run: Path
    measured: Measured
    predicted: Summary
    commands: tuple[str, ...]
    """What does the same again, step by step."""

    def __str__(self) -> str:
        return "\n".join(
            [
                str(self.measured),
                f"pictures with boxes: {self.predicted.out}",
                f"curves: {self.run / 'plots' / 'curves.png'}",
                "",
                "The same by hand; put a folder of your own in the place of the scenes:",
                *(f"  {command}" for command in self.commands),
            ]
        )

    def to_json(self) -> Mapping[str, Any]:
        """Give all of it as plain values."""
        return {
            "scenes": str(self.scenes),
            "run": str(self.run),
            "evaluation": self.measured.to_json(),
            "predictions": str(self.predicted.out),
            "commands": list(self.commands),
        }


def take_tour(options: TourOptions, display: Display, say: Say) -> Tour:
    """Draw scenes, train on them, evaluate and predict.

    Args:
        options: what was asked for.
        display: where the training shows its progress.
        say: told what is done, a line each.

    Returns:
        What was made.

    Raises:
        DiskError: the folder of runs cannot be written.
        FrcnnError: whatever training raises.
    """
    asked = _asked(options)
    _require_possible(asked)  # what is wrong is told before anything is drawn
    scenes = _scenes(options, say)
    launched = launch(scenes, asked, say, display.warn)
    train(launched, display)
    run = launched.job.run
    say("evaluating on the test scenes")
    device, precision = options.get("device", "auto"), options.get("precision", "auto")
    how: MeasureOptions = {"split": "test", "device": device, "precision": precision}
    measured = measure(run.path, {**how, "quiet": options.get("quiet", False)}, say)
    sources = _sources(scenes)
    saved = read_saved(run.path, device=device, precision=precision)
    order = Order(out=run.path / "predictions", about=saved.about, choice=Choice(conf=_CONF))
    predicted = predict_folder(saved.detector, expand(sources), order)
    return Tour(
        scenes=scenes,
        run=run.path,
        measured=measured,
        predicted=predicted,
        commands=_commands(scenes, run.path, sources, asked),
    )


def _require_possible(asked: TrainOptions) -> None:
    config = first_settings(None, asked)
    preset = presets.named(MODEL).model.classes  # replaced by the data's number, if not set
    classes = preset if config.model.classes == preset else len(CLASSES)
    require_possible(config, machine.resolve_device(asked.get("device", "auto")), classes)


def _scenes(options: TourOptions, say: Say) -> Path:
    """Draw the scenes, or take those that are there: a finished folder is a whole one."""
    count, seed = options.get("scenes", 400), options.get("seed", 0)
    folder = Path(options.get("out", "runs")) / f"dice-{count}-seed{seed}"
    config = SceneConfig(
        train=count, val=max(1, count // 5), test=max(2, 3 * count // 10), seed=seed
    )
    if holds_scenes(folder, config):
        say(f"scenes {folder}, drawn before")
        return folder
    say(f"drawing {config.count} scenes with dice into {folder}")
    files.require_writable(folder.parent)

    def tell(done: int, of: int) -> None:
        if done % 100 == 0 and done < of:
            say(f"  {done} of {of}")

    draw_scenes(folder, config, tell)
    return folder


def _sources(scenes: Path) -> list[str]:
    """Choose the first test scenes, as a pattern where it means these alone.

    Scenes are numbered with the test split first.
    """
    paths = [record.path for record in Dataset.open(scenes).split("test").records]
    if len(paths) < _SHOWN:
        return [str(path) for path in paths]
    first = paths[0]
    return [str(first.with_name(first.stem[:-1] + "?" + first.suffix))]


def _asked(options: TourOptions) -> TrainOptions:
    """Turn the tour's options into those of `frcnn train`."""
    said = {name: value for name, value in options.items() if name != "scenes"}
    return cast(TrainOptions, {**said, "model": MODEL, "backbone_weights": "none"})


def _commands(
    scenes: Path, run: Path, sources: Sequence[str], options: TrainOptions
) -> tuple[str, ...]:
    """Write what was done as commands; options that every verb has go to every verb."""
    shared = _words({n: v for n, v in options.items() if n in ("device", "precision")})
    own = ("quiet", "settings", "device", "precision")
    train = _words({n: v for n, v in options.items() if n not in own})
    for pair in options.get("settings", ()):
        train += ["--set", pair]
    return (
        shlex.join(["frcnn", "train", "--data", str(scenes), *train, *shared]),
        shlex.join(["frcnn", "eval", str(run), "--split", "test", *shared]),
        shlex.join(["frcnn", "predict", str(run), *sources, "--conf", str(_CONF), *shared]),
    )


def _words(options: Mapping[str, object]) -> list[str]:
    """Write options as they are typed."""
    pairs = (("--" + name.replace("_", "-"), str(value)) for name, value in options.items())
    return [word for pair in pairs for word in pair]
