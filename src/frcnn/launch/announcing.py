"""What a person is told of a run before it begins: its data, its settings, what may surprise."""

from contextlib import suppress
from pathlib import Path

from frcnn.data.dataset import Dataset
from frcnn.data.picture_paths import home_of
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.data.split_checks import copies_in
from frcnn.data.tile_origins import parted, read_origins
from frcnn.errors import DataError, FrcnnError, counted
from frcnn.launch.differing import fitted_away
from frcnn.launch.material import Say, open_data, require_usable, usable_pictures
from frcnn.launch.options import TrainOptions
from frcnn.launch.small_boxes import drop_small_boxes, many_small
from frcnn.launch.surprises import surprises
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.counting import Counting
from frcnn.presets import RunConfig


def announce_open(
    config: RunConfig, data: str | Path | Dataset | None, say: Say
) -> tuple[Dataset, Split, Split]:
    """Open the data; where it cannot be used, say all that is wrong with it before the error.

    Args:
        config: names the data.
        data: the data set where it is open already; else the config's is opened.
        say: told what is wrong.

    Returns:
        The data set, the pictures to train on, and those to validate on.

    Raises:
        DataError: the data cannot be used.
    """
    if isinstance(data, Dataset):
        return open_data(config, data)
    try:
        return open_data(config)
    except DataError:
        with suppress(FrcnnError):
            classes = config.classes or None
            found = Dataset.open(
                config.data, classes=classes, layout=config.layout, bad_data="report"
            ).report
            if found.problems:
                then = "  no picture was decoded yet; frcnn.check(DIR) in Python does that, too"
                say(f"{found.summary()}\n{found.listing()}\n{then}")
        raise


def announce_usable(
    dataset: Dataset, opened: tuple[Split, Split], max_bad: float, say: Say, count: Counting
) -> tuple[Split, Split, Report]:
    """Leave out pictures that cannot be decoded, and say what the data is.

    Args:
        dataset: opened.
        opened: its training and its validation pictures.
        max_bad: share of them that may be left out.
        say: told in a line each.
        count: shows how far decoding has come.

    Returns:
        Both splits without the pictures that cannot be read, and the report of the data.

    Raises:
        DataError: too many pictures cannot be read.
    """
    (train, val), found = usable_pictures(*opened, count=count, copies=copies_in(dataset.report))
    report = dataset.report.plus(found.problems)
    say(
        f"data {dataset.name}: {counted(len(train), 'picture')} to train on "
        f"({train.without_objects} without objects), {len(val)} to validate; "
        f"classes {', '.join(train.classes)}"
    )
    if dataset.class_table:
        say(dataset.class_table)
    if learnt := val.in_common(train):
        say(f"  {learnt} of the {len(val)} are learnt from, too: their figures are too good")
    if tiles := parted(train.records, val.records, read_origins(home_of(dataset.root))):
        say(f"  {tiles} of the {len(val)} are tiles of pictures that are learnt from, too: their")
        say("  figures are too good; a val split of other pictures has honest ones")
    if report.problems:
        say(report.summary())
    require_usable(opened, (train, val), found, max_bad)
    return train, val, report


def announce_without_small_boxes(train: Split, config: RunConfig, say: Say) -> tuple[Split, Report]:
    """Leave out true boxes that resizing leaves nothing of, and say so.

    Args:
        train: the training pictures.
        config: its resizing is read.
        say: told in a line each.

    Returns:
        The split without these boxes, and the report of them.
    """
    train, report = drop_small_boxes(train, config.model.pictures)
    report = report.plus(many_small(train, config.model.pictures).problems)
    if report.problems:
        say(f"pictures resized to {config.model.pictures.shorter_side} pixels\n{report.summary()}")
    return train, report


def announce_settings(
    config: RunConfig, model: FasterRCNN, train: Split, options: TrainOptions, says: tuple[Say, Say]
) -> None:
    """Say what is trained, and what of it may surprise.

    Args:
        config: of the run.
        model: its network.
        train: the training pictures.
        options: what was asked for.
        says: told in a line each, and told what nobody should miss.
    """
    say, warn = says
    say(f"model {config.preset}: {config.started_from}")
    if other := fitted_away(config, options):
        say(f"settings other than the preset's: {'; '.join(other)}")
    for sentence in surprises(config, model, train, options):
        warn(f"warning: {sentence}")
