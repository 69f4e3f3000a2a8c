"""A whole split, picture by picture: what a detector finds in it, and what it proposes."""

from collections.abc import Callable, Iterator

from frcnn.data.records import Sample, Split, read_sample
from frcnn.errors import ConfigError, PictureError
from frcnn.evaluation.judged import Judged
from frcnn.model.proposals import ProposalConfig
from frcnn.prediction.predictor import Detector
from frcnn.types import Proposals


def detect_split(
    detector: Detector,
    split: Split,
    *,
    on_picture: Callable[[int], None] | None = None,
    on_unreadable: Callable[[PictureError], None] | None = None,
) -> list[Judged]:
    """Look at every picture of a split, for evaluation; one way for training and `frcnn eval`.

    Args:
        detector: its model's own thresholds are used.
        split: pictures with true boxes.
        on_picture: told how many pictures are done.
        on_unreadable: told of each picture that cannot be read, and that is left out then. None:
            it is an error, because figures on a part would not be the split's.

    Returns:
        For each picture what was found beside what is true, in the split's order.

    Raises:
        ConfigError: the split's classes are not the detector's, in the same order (RC386).
        PictureError: a picture cannot be read, and nobody is told of it.
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
        part = split[start : start + detector.batch]
        samples = list(_read(part, on_unreadable))
        found = detector.detect([sample.picture for sample in samples])
        judged += [
            Judged(name=sample.name, detections=detections, target=sample.target)
            for sample, detections in zip(samples, found, strict=True)
        ]
        if on_picture is not None:
            on_picture(start + len(part))
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
    for start in range(0, len(split), detector.batch):
        samples = list(split[start : start + detector.batch])
        yield from detector.propose([sample.picture for sample in samples], config)
        if on_picture is not None:
            on_picture(start + len(samples))


def _read(split: Split, on_unreadable: Callable[[PictureError], None] | None) -> Iterator[Sample]:
    for record in split.records:
        try:
            sample = read_sample(record)
        except PictureError as error:
            if on_unreadable is None:
                raise
            on_unreadable(error)
        else:
            yield sample
