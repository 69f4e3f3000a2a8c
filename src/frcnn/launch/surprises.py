"""What of a run's settings may surprise: it trains, but not as one would expect."""

from collections.abc import Iterator

from frcnn import machine
from frcnn.data.records import Split
from frcnn.launch.differing import other_preset, overruled
from frcnn.launch.material import FROM_SCRATCH
from frcnn.launch.options import TrainOptions
from frcnn.model.anchors import cell_anchors
from frcnn.model.batch import resized
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.ops import boxes as box_ops
from frcnn.presets import RunConfig


def surprises(
    config: RunConfig, model: FasterRCNN, train: Split, options: TrainOptions
) -> Iterator[str]:
    """Look for settings that do less than they seem to, or harm.

    Args:
        config: of the run, fitted.
        model: its network.
        train: the training pictures.
        options: what was asked for.

    Yields:
        A sentence for each, with the setting that changes it.
    """
    if other := other_preset(options):
        yield f"{options['config']}: {other}"
    for row in overruled(config, options):
        yield f"{options['config']}: {row}, which data, weights or scheme decide"
    if config.started_from == FROM_SCRATCH and model.backbone.is_partly_frozen:
        backbone = config.model.backbone
        yield (
            f"{backbone.name} starts from random numbers, and what is frozen stays random"
            f" (model.backbone.frozen_stages {backbone.frozen_stages}, batch_norm "
            f"{backbone.batch_norm}); 0 and live learn everything"
        )
    if small := too_small_for_anchors(train, config.model):
        yield (
            f"{small} of {len(train)} training pictures, resized, are too small for every anchor: "
            "the RPN learns nothing from them (model.anchors.sides "
            f"{', '.join(f'{side:g}' for side in config.model.anchors.sides)}, "
            f"model.pictures.shorter_side {config.model.pictures.shorter_side}); smaller anchors, "
            "larger pictures, or --set model.anchor_labels.inside=anywhere"
        )
    workers, cores = config.training.batches.workers, machine.cores()
    if workers > cores:
        yield f"{workers} processes read pictures where there are {cores} cores: fewer are as fast"


def too_small_for_anchors(train: Split, config: FasterRCNNConfig) -> int:
    """Count the pictures that no anchor lies inside of, where only such anchors learn (§3.3).

    Args:
        train: the training pictures.
        config: resizing, anchors and anchor labels are read.

    Returns:
        How many.
    """
    if config.anchor_labels.inside == "anywhere":
        return 0
    w, h = box_ops.sides(cell_anchors(config.anchors))
    across = 2 * config.anchor_labels.border
    count = 0
    for record in train.records:
        size = resized(record.size, config.pictures)
        fits = (w <= size.width + across) & (h <= size.height + across)
        count += not bool(fits.any())
    return count
