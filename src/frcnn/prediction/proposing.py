"""A detector's first stage, run over a split and stored in one file (the authors' `rpn_generate`).

As there, all anchors' boxes enter NMS, and what is left are the boxes that the second stage trains
on, in pixels of the original picture.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from frcnn import files
from frcnn.data.proposals import PictureProposals
from frcnn.data.proposals_writer import write_proposals
from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.model.proposals import ProposalConfig
from frcnn.prediction.own_files import require_free
from frcnn.prediction.pickled_proposals import holds_proposals, write_pickled
from frcnn.prediction.predictor import Detector
from frcnn.prediction.splits import propose_both_ways, propose_split

Format = Literal["frcnn", "pickle"]
FORMATS = ("frcnn", "pickle")


@dataclass(frozen=True, eq=False, kw_only=True)
class Order:
    """What is to be stored, and where."""

    out: Path
    """The file; replaced when it is there."""
    format: Format = "frcnn"
    """Ours, or the pickle of the authors' code."""
    proposals: int | None = None
    """Most of one picture; None takes the model's own number for training."""
    mirrored: bool = False
    """Look at mirrored pictures, too."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Which weights these are."""

    def __post_init__(self) -> None:
        if self.format not in FORMATS or (self.mirrored and self.format == "pickle"):
            raise ConfigError(
                "RC394",
                "propose: format",
                "proposals cannot be stored in this form",
                got=self.format + " of mirrored pictures" * self.mirrored,
                want="frcnn, or pickle of the pictures as they are",
                fix="store them with format frcnn; the authors' Python code mirrors boxes itself",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposed:
    """What was stored."""

    path: Path
    format: Format
    split: str
    pictures: int
    boxes: int
    mirrored: bool
    seconds: float

    def __str__(self) -> str:
        mean = self.boxes / max(1, self.pictures * (1 + self.mirrored))
        looks = " and their mirrored selves" if self.mirrored else ""
        return (
            f"{self.boxes} boxes in {self.pictures} pictures of {self.split}{looks}, {mean:.0f} in "
            f"each, {self.seconds:.1f} s\nsaved in {self.path}"
        )

    def to_json(self) -> Mapping[str, Any]:
        """Give all of it as plain values."""
        return {**asdict(self), "path": str(self.path)}


def training_proposals(detector: Detector, proposals: int | None = None) -> ProposalConfig:
    """Choose how many boxes are stored: all anchors enter NMS, as in the authors' code.

    Args:
        detector: whose settings for training are taken.
        proposals: most of one picture; None takes the settings' own number.

    Returns:
        The settings of the first stage.

    Raises:
        ConfigError: the number is below 1.
    """
    own = detector.module.config.proposals_train
    most = own.after_nms if proposals is None else proposals
    return replace(own, before_nms=None, after_nms=most)


def store_proposals(
    detector: Detector,
    split: Split,
    order: Order,
    *,
    on_picture: Callable[[int], None] | None = None,
) -> Proposed:
    """Propose in every picture of a split and write the file, picture by picture.

    Args:
        detector: whose first stage.
        split: pictures; their true boxes are not looked at.
        order: what to store and where.
        on_picture: told how many pictures are done.

    Returns:
        What it came to.

    Raises:
        ConfigError: the number of proposals is below 1, or something other than stored proposals
            has the file's name (RC372).
        PictureError: a picture cannot be read; nothing is written then.
        DiskError: the place cannot be written to.
    """
    return store(detector, split, order, propose(detector, split, order, on_picture=on_picture))


def propose(
    detector: Detector,
    split: Split,
    order: Order,
    *,
    on_picture: Callable[[int], None] | None = None,
) -> Iterator[PictureProposals]:
    """Propose in every picture of a split, as it is to be stored.

    Args:
        detector: whose first stage.
        split: pictures; their true boxes are not looked at.
        order: how many, and whether of mirrored pictures, too.
        on_picture: told how many pictures are done.

    Yields:
        For each picture its proposals, then those of the mirrored one where they are asked for.
    """
    run = propose_both_ways if order.mirrored else propose_split
    config = training_proposals(detector, order.proposals)
    for proposals in run(detector, split, config, on_picture=on_picture):
        yield PictureProposals(proposals.boxes, proposals.objectness)


def store(
    detector: Detector, split: Split, order: Order, found: Iterator[PictureProposals]
) -> Proposed:
    """Write proposals picture by picture, as they come.

    Args:
        detector: whose they are.
        split: the pictures.
        order: what to store and where.
        found: as `propose` gives them.

    Returns:
        What it came to.

    Raises:
        ConfigError: the number of proposals is below 1.
        DiskError: the place cannot be written to.
    """
    began = time.monotonic()
    _require_free(order.out)
    files.require_writable(order.out.parent)
    config = training_proposals(detector, order.proposals)
    return Proposed(
        path=order.out,
        format=order.format,
        split=split.name,
        pictures=len(split),
        boxes=_write(order, split, found, config),
        mirrored=order.mirrored,
        seconds=time.monotonic() - began,
    )


def _require_free(out: Path) -> None:
    """Refuse a folder, and a file that holds no proposals: it is somebody's."""
    if out.is_file() and holds_proposals(out):
        return
    require_free(out.parent, [out.name])


def _write(
    order: Order, split: Split, found: Iterator[PictureProposals], config: ProposalConfig
) -> int:
    if order.format == "pickle":
        return write_pickled(order.out, found)
    maker = {**order.about, "proposals": asdict(config), "scores": "logit"}
    return write_proposals(order.out, split, found, maker=maker, copies=1 + order.mirrored)
