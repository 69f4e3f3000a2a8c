"""The proposals of a whole split, for training the second stage on them; what `frcnn propose` does.

On the training pictures of its own run it takes the very pictures that the run was trained on.
"""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from frcnn import machine
from frcnn.data.dataset import training_split
from frcnn.launch.after_training import require_read
from frcnn.launch.chosen import Wanted, choose_pictures
from frcnn.launch.material import Say
from frcnn.prediction.counting import counting, silent
from frcnn.prediction.proposing import Format, Order, Proposed, store_proposals
from frcnn.prediction.saved import read_saved


class ProposeOptions(TypedDict, total=False):
    """What can be asked of `frcnn propose`, in the words of the command line."""

    data: str | Path
    """Folder of the data; the run's own where none is named."""
    layout: str
    """Of `data`: `voc`, `coco`, `yolo` or `csv`; found by looking where none is named."""
    split: str
    """Which; the training pictures where none is named."""
    format: Format
    """`frcnn`, or `pickle` for the authors' code."""
    proposals: int
    """Most of one picture; the model's own number for training where none is named."""
    mirrored: bool
    """Look at mirrored pictures, too."""
    device: str
    precision: str
    batch: int
    """Most pictures computed at once."""
    settings: Sequence[str]
    """`name=value` pairs, laid over the network's own; of `model.proposals_train`."""
    quiet: bool


def propose(named: str | Path, out: str | Path, options: ProposeOptions, say: Say) -> Proposed:
    """Store the proposals of a run or a weights file.

    Args:
        named: a run folder or a weights file of ours.
        out: the file to write; replaced when it is there.
        options: what was asked for.
        say: told what was left out of the data.

    Returns:
        What was stored.

    Raises:
        ConfigError: no data, no such split, options that contradict each other, or a setting that
            is not read here.
        DataError: the data cannot be used.
        ModelFileError: the weights cannot be used.
        DiskError: the file cannot be written.
    """
    order = Order(
        out=Path(out),
        format=options.get("format", "frcnn"),
        proposals=options.get("proposals"),
        mirrored=options.get("mirrored", False),
    )
    changes = options.get("settings", ())
    require_read(changes, "propose")
    saved = read_saved(
        named,
        device=options.get("device", "auto"),
        precision=options.get("precision", "auto"),
        batch=options.get("batch", 1),
        changes=changes,
    )
    wanted = Wanted(
        verb="propose",
        data=options.get("data"),
        split=options.get("split"),
        usual=_usual,
        layout=options.get("layout", ""),
    )
    chosen = choose_pictures(Path(named), wanted, saved.detector.classes)
    if chosen.report.problems:
        say(chosen.report.summary())
    machine.keep_freed_memory()
    quiet, split = options.get("quiet", False), chosen.split
    with nullcontext(silent) if quiet else counting("pictures", len(split)) as tell:
        return store_proposals(
            saved.detector, split, replace(order, about=saved.about), on_picture=tell
        )


def _usual(names: Collection[str], learnt: str | None) -> str:
    """Take what is learnt from."""
    return learnt or training_split(names) or "train"
