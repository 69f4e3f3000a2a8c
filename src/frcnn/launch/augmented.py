"""What the network will see, on contact sheets: `frcnn data show --augmented`.

1. settings and pictures as a training would have them; nothing is downloaded
2. the steps that look at some of the pictures, which follow from the seed
3. each look read, varied and resized by what feeds a training, its normalisation undone
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypedDict, cast

from frcnn.data.choosing import nothing_to_show
from frcnn.data.dataset import Dataset
from frcnn.data.marking import label_of, marking_of
from frcnn.data.records import Split
from frcnn.data.sheet_files import numbered, place_of_sheets, write_sheet
from frcnn.errors import counted
from frcnn.launch.announcing import announce_open, announce_usable, announce_without_small_boxes
from frcnn.launch.asked import first_settings, fitted_settings
from frcnn.launch.contradictions import require_start
from frcnn.launch.look_cells import cells_of, rows_of
from frcnn.launch.material import Say, expected_weights
from frcnn.launch.options import TrainOptions
from frcnn.launch.transform import require_transform
from frcnn.prediction.counting import counting, uncounted
from frcnn.presets import RunConfig
from frcnn.settings import Settings, pairs_of
from frcnn.training.augmentation import Augmentation
from frcnn.training.batches import Examples
from frcnn.training.course import config_of_step
from frcnn.training.job import Length, TrainingConfig, length_for
from frcnn.training.looks import Look, LookPlan, looks_at
from frcnn.training.own_transform import Transform

PER_SHEET = 12
_NOTE = "each row: a picture as it is, then as training sees it; dashed: difficult, or a crowd"


class AugmentedOptions(TypedDict, total=False):
    """What can be asked for, in the words of the command line."""

    out: str | Path
    """The PNG file to write; NAME_augmented.png in the working folder."""
    split: str
    """The split to learn from, as the setting `training_split` names it."""
    class_name: str
    """Only pictures with this class; others' boxes are grey."""
    step: int
    """The first step of the training that is shown, from 1."""
    pictures: int
    """How many; 6."""
    looks: int
    """At each of them; 3."""
    per_sheet: int
    """Cells on one sheet, a whole row at least; 12."""
    model: str
    config: str | Path
    """A YAML file of settings, as a training takes it."""
    settings: Settings
    layout: str
    seed: int
    """Of the training."""
    augment: Transform
    """A function that training pictures go through first."""
    quiet: bool


@dataclass(frozen=True, kw_only=True)
class Augmented:
    """What was drawn."""

    sheets: tuple[Path, ...]
    pictures: int
    of: int
    """Training pictures, or those of them with the class that was asked for."""
    looks: int
    """At all pictures together."""
    steps: int
    """Of the training; of a scheme of several steps, of its first."""
    varied: tuple[str, ...]
    """By what pictures are varied, in words."""
    emptied: int
    """Looks in which nothing is left of a picture's boxes."""

    def __str__(self) -> str:
        where = ", ".join(map(str, self.sheets))
        of = f"{self.pictures} of {self.of} training pictures"
        lines = [f"{of}, {counted(self.looks, 'look')} at them, on {where}", _varied(self.varied)]
        if self.emptied:
            lines.append(f"{counted(self.emptied, 'look')} in which no box of the picture is left")
        return "\n".join(lines)

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values."""
        texts = {"sheets": [str(path) for path in self.sheets], "varied": list(self.varied)}
        return {**vars(self), **texts}


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ready:
    """A training up to its first step, but for the network."""

    name: str
    """Of the data."""
    splits: tuple[str, ...]
    train: Split
    config: RunConfig
    path: Path
    """Of the sheet."""
    label: int | None
    """The class that was asked for."""

    @property
    def training(self) -> TrainingConfig:
        """Settings of the first step of its scheme."""
        return config_of_step(self.config.training, 1)

    @property
    def length(self) -> Length:
        """Of the same."""
        return length_for(self.training, self.train)

    def examples(self, options: AugmentedOptions) -> Examples:
        """Give the pictures as the training reads them."""
        own, transform = self.training, options.get("augment")
        augmentation = Augmentation(config=own.augmentation, transform=transform)
        pictures = self.config.model.pictures
        return Examples(self.train, own.seed, pictures, own.batches, augmentation=augmentation)


def show_augmented(data: str | Path | Dataset, options: AugmentedOptions, say: Say) -> Augmented:
    """Draw what a training with these settings feeds its network.

    Args:
        data: folder of the data, its annotation file, or the data set opened from it.
        options: what was asked for.
        say: told what a training would say of the data.

    Returns:
        What was drawn.

    Raises:
        ConfigError: a setting is wrong, as in training, a function of the user's too (RC311); no
            such step (RC350) or class (RC377), no place for a sheet (RC378), or no picture to
            show (RC379).
        DataError: the data cannot be used.
        TrainingError: a picture cannot be read for training (RC413).
        DiskError: a sheet could not be written.
    """
    plan = _plan(options)
    ready = _prepared(data, options, say)
    records, training, length = ready.train.records, ready.training, ready.length
    rows = enumerate(record.target.labels.tolist() for record in records)
    wanted = {n for n, labels in rows if ready.label is None or ready.label in labels}
    if not wanted:
        raise nothing_to_show(ready.train.name, options.get("class_name", ""), ready.splits)
    looks = looks_at([record.size for record in records], wanted, training, length, plan)
    paths, emptied = _draw(ready, options, looks)
    return Augmented(
        sheets=paths,
        pictures=len(looks),
        of=len(wanted),
        looks=sum(map(len, looks.values())),
        steps=length.total,
        varied=varied_by(training),
        emptied=emptied,
    )


def varied_by(config: TrainingConfig) -> tuple[str, ...]:
    """Say by what a training varies its pictures.

    Args:
        config: its batches and its augmentation are read.

    Returns:
        A few words each, in the order in which it is done; empty where nothing is.
    """
    batches, more = config.batches, config.augmentation
    low, high = more.scale
    flip = {
        "none": "",
        "random": "mirrored with chance 0.5",
        "double": "each once as it is, once mirrored",
    }
    said = (
        more.own,
        flip[batches.flip],
        "upside down with chance 0.5" if batches.flip_vertical == "random" else "",
        f"colours with chance {more.photometric:g}" if more.photometric else "",
        f"crop with chance {more.crop:g}" if more.crop else "",
        "" if low == high == 1 else f"scale {low:g} to {high:g}",
    )
    return tuple(filter(None, said))


def _varied(words: tuple[str, ...]) -> str:
    return f"varied by: {'; '.join(words) or 'nothing'}"


def _plan(options: AugmentedOptions) -> LookPlan:
    usual = LookPlan()
    return LookPlan(
        step=options.get("step", usual.step),
        pictures=options.get("pictures", usual.pictures),
        looks=options.get("looks", usual.looks),
    )


def _prepared(data: str | Path | Dataset, options: AugmentedOptions, say: Say) -> _Ready:
    """Go the way of a new run, as far as its pictures go it."""
    asked = _of_training(options)
    count = uncounted if options.get("quiet", False) else counting
    config = first_settings(data, asked)
    require_start(asked, config)
    require_transform(config, asked)
    dataset, train, val = announce_open(config, data, say)
    path = place_of_sheets(options.get("out"), dataset, "augmented")
    label = label_of(options.get("class_name", ""), dataset.classes)
    weights = expected_weights(config)
    train, _, report = announce_usable(dataset, (train, val), config.max_bad, say, count)
    config = fitted_settings(config, train, weights, asked)
    train, _ = announce_without_small_boxes(train, report, config, say)
    return _Ready(
        name=dataset.name,
        splits=tuple(dataset.splits),
        train=train,
        config=config,
        path=path,
        label=label,
    )


def _of_training(options: AugmentedOptions) -> TrainOptions:
    """Take what a training can be told, too."""
    names = TrainOptions.__annotations__.keys() - {"out", "quiet"}
    asked = {name: value for name, value in options.items() if name in names}
    if "split" in options:
        named = pairs_of({"training_split": options["split"]})
        asked["settings"] = (*pairs_of(options.get("settings", ())), *named)
    return cast(TrainOptions, asked)


def _draw(
    ready: _Ready, options: AugmentedOptions, looks: Mapping[int, list[Look]]
) -> tuple[tuple[Path, ...], int]:
    """Draw all sheets; give them, and the number of looks without boxes."""
    examples = ready.examples(options)
    records = ready.train.records
    marking = marking_of([records[n] for n in looks], ready.train.classes, ready.label)
    columns = 1 + max(map(len, looks.values()))
    per_sheet = max(1, options.get("per_sheet", PER_SHEET) // columns)
    count, emptied = -(-len(looks) // per_sheet), 0
    paths = tuple(numbered(ready.path, number, count) for number in range(1, count + 1))
    with closing(rows_of(examples, looks)) as rows:
        for number, path in enumerate(paths, start=1):
            part = list(islice(rows, per_sheet))
            cells = [c for row in part for c in cells_of(row, marking, examples, columns)]
            write_sheet(path, _head(ready, number, count), cells, columns)
            emptied += sum(row.emptied for row in part)
    return paths, emptied


def _head(ready: _Ready, number: int, count: int) -> tuple[str, str, str]:
    training = ready.training
    place = f"sheet {number} of {count}, " if count > 1 else ""
    return (
        f"{ready.name}: {place}what {ready.config.preset} is trained on",
        f"seed {training.seed}, {counted(ready.length.total, 'step')}; "
        + _varied(varied_by(training)),
        _NOTE,
    )
