"""A whole split, picture by picture: what a detector finds in it, and what it proposes."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import Tensor

from frcnn.data.records import Sample, Split
from frcnn.errors import ConfigError
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.proposals import LIMITS, Proposed
from frcnn.model.proposals import ProposalConfig
from frcnn.ops import pictures
from frcnn.prediction.predictor import Detector
from frcnn.types import Proposals

_BEFORE_NMS = 6000
"""Boxes that enter NMS where proposals are judged; authors' code at test time."""


def detect_split(
    detector: Detector, split: Split, *, on_picture: Callable[[int], None] | None = None
) -> list[Judged]:
    """Look at every picture of a split, for evaluation; one way for training and `frcnn eval`.

    Args:
        detector: its model's own thresholds are used.
        split: pictures with true boxes.
        on_picture: told how many pictures are done.

    Returns:
        For each picture what was found beside what is true, in the split's order. A picture that
        cannot be read is an error: figures on a part would not be the split's.

    Raises:
        ConfigError: the split's classes are not the detector's, in the same order (RC386).
    """
    if split.classes != detector.classes:
        raise ConfigError(
            "RC386",
            f"split {split.name}",
            "its classes are not the model's",
            got=", ".join(split.classes),
            want=", ".join(detector.classes),
            fix="open the data with the model's classes: Dataset.open(folder, classes=...)",
        )
    judged: list[Judged] = []
    for start in range(0, len(split), detector.batch):
        samples = _read(split, start, detector)
        found = detector.detect(
            [sample.picture for sample in samples], sizes=[sample.size for sample in samples]
        )
        records = split.records[start : start + len(samples)]
        judged += [
            Judged(
                name=sample.name,
                detections=detections,
                target=sample.target,
                areas=record.notes and record.notes.areas,
            )
            for sample, record, detections in zip(samples, records, found, strict=True)
        ]
        if on_picture is not None:
            on_picture(len(judged))
    return judged


def propose_split(
    detector: Detector,
    split: Split,
    config: ProposalConfig,
    *,
    on_picture: Callable[[int], None] | None = None,
) -> Iterator[Proposals]:
    """Run the first stage on every picture of a split.

    Args:
        detector: whose first stage.
        split: pictures; their true boxes are not looked at.
        config: how many proposals.
        on_picture: told how many pictures are done.

    Yields:
        For each picture its proposals, in the split's order, in pixels of the original picture.
    """
    yield from _propose(detector, split, config, lambda picture: [picture], on_picture)


def propose_both_ways(
    detector: Detector,
    split: Split,
    config: ProposalConfig,
    *,
    on_picture: Callable[[int], None] | None = None,
) -> Iterator[Proposals]:
    """Run the first stage on every picture of a split and on its mirrored self.

    The authors' MATLAB code stores these; their Python code mirrors the boxes instead.

    Args:
        detector: whose first stage.
        split: pictures; their true boxes are not looked at.
        config: how many proposals.
        on_picture: told how many pictures are done.

    Yields:
        For each picture its proposals, then those of the mirrored one in its own pixels.
    """

    def both(picture: Tensor) -> list[Tensor]:
        return [picture, pictures.mirror(picture)]

    yield from _propose(detector, split, config, both, on_picture)


def _propose(
    detector: Detector,
    split: Split,
    config: ProposalConfig,
    views: Callable[[Tensor], list[Tensor]],
    on_picture: Callable[[int], None] | None,
) -> Iterator[Proposals]:
    for start in range(0, len(split), detector.batch):
        samples = _read(split, start, detector)
        seen = [(view, sample.size) for sample in samples for view in views(sample.picture)]
        yield from detector.propose([view for view, _ in seen], config, [size for _, size in seen])
        if on_picture is not None:
            on_picture(start + len(samples))


def _read(split: Split, start: int, detector: Detector) -> list[Sample]:
    """Read the pictures that are looked at together, as much of each as is needed."""
    numbers = range(start, min(start + detector.batch, len(split)))
    return [split.read(number, detector.enough) for number in numbers]


def propose_for_evaluation(
    detector: Detector, split: Split, *, on_picture: Callable[[int], None] | None = None
) -> Iterator[Proposed]:
    """Put the proposals of every picture beside its objects; one way for training and `frcnn eval`.

    Args:
        detector: whose first stage; its model's own NMS and smallest side are used, with more
            proposals than it passes on: those that it passes on come first, where it takes at
            least as many into NMS as are taken here.
        split: pictures with true boxes, of any classes.
        on_picture: told how many pictures are done.

    Yields:
        For each picture at most 2,000 proposals and what is true, in the split's order. A picture
        that cannot be read is an error, as in `detect_split`.
    """
    own = detector.module.config.proposals_test
    config = replace(own, before_nms=_BEFORE_NMS, after_nms=LIMITS[-1])
    found = propose_split(detector, split, config, on_picture=on_picture)
    for record, proposals in zip(split.records, found, strict=True):
        yield Proposed(name=record.name, boxes=proposals.boxes, target=record.target)
