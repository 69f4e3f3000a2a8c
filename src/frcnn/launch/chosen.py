"""The pictures that a trained detector looks at: those of its own run, or of any folder."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from frcnn.data.class_names import UNKNOWN_CLASS
from frcnn.data.dataset import Dataset
from frcnn.data.pixel_check import check_pixels
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.data.split_words import SPLIT_NAMES
from frcnn.errors import ConfigError
from frcnn.launch.kept import kept_data, kept_settings
from frcnn.launch.material import open_data
from frcnn.launch.rewording import reworded
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for."""

    verb: str
    """Of the command line; for messages."""
    data: str | Path | None
    """Folder of the data; None takes the run's own."""
    split: str | None
    """Which; None lets `usual` choose."""
    usual: Callable[[Collection[str], str | None], str]
    """Chooses among the names of splits; told the one that a run learnt from, where the data is
    the run's own."""
    layout: str = ""
    """Of `data`; empty: found by looking."""


class Chosen(NamedTuple):
    """Pictures, and where they come from."""

    split: Split
    report: Report
    run: RunFolder | None
    """None for a weights file outside a run's folder."""
    name: str
    """The split's; before it the data's, where it is not the run's own."""


def choose_pictures(named: Path, wanted: Wanted, classes: Sequence[str]) -> Chosen:
    """Choose the pictures: those that the run was trained and validated on, or a folder's.

    Args:
        named: a run folder or a weights file of ours; best and last weights know their run.
        wanted: what was asked for.
        classes: of the detector.

    Returns:
        The split, and what was left out of it.

    Raises:
        ConfigError: no data (RC354), or no such split.
        DataError: the data cannot be used.
    """
    run = _run_of(named)
    config = kept_settings(run) if run and run.config.exists() else None
    if run and config and (wanted.data is None or _is_same(wanted.data, config.data)):
        return _of_run(run, config, wanted)
    if wanted.data is None:
        raise ConfigError(
            "RC354",
            "--data",
            f"no data for frcnn {wanted.verb}",
            got="weights without a run's settings, which know no data",
            want="a folder of pictures with boxes",
            fix=f"name it: frcnn {wanted.verb} {named} --data DIR",
        )
    fix = "name data of these classes, take the class out of the data, or mend its name"
    with reworded(UNKNOWN_CLASS, "the data has a class that the model has not learnt", fix=fix):
        dataset = Dataset.open(wanted.data, classes=classes, layout=wanted.layout)
    split = dataset.split(wanted.split or wanted.usual(tuple(dataset.splits), None))
    return Chosen(split, dataset.report, run, f"{dataset.name}-{split.name}")


def _run_of(named: Path) -> RunFolder | None:
    """Find the run that weights belong to: a run's folder, or best or last weights in one."""
    if named.is_dir():
        return RunFolder.open(named)
    run = RunFolder(named.resolve().parent)
    return run if run.config.exists() and named.resolve() in (run.best, run.last) else None


def _of_run(run: RunFolder, config: RunConfig, wanted: Wanted) -> Chosen:
    """Choose among the pictures of a run's data, the validation pictures that it took included."""
    with kept_data():
        dataset, train, val = open_data(config)
    name = wanted.split or wanted.usual({*dataset.splits, "train", "val"}, train.name)
    mine = {train.name: train, "val": val}
    if "train" not in dataset.splits:
        mine["train"] = train
    own = mine.get(SPLIT_NAMES.get(name.lower(), name))
    if own is None:
        split, report = dataset.split(name), dataset.report
    else:  # training left out what cannot be read
        split, found = check_pixels(own)
        report = dataset.report.plus(found.problems)
    return Chosen(split, report, run, split.name)


def _is_same(data: str | Path, other: str) -> bool:
    return bool(other) and Path(data).resolve() == Path(other).resolve()
