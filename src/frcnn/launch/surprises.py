"""What of a run's settings may surprise: it trains, but not as one would expect."""

from collections import Counter
from collections.abc import Iterator

from frcnn import machine
from frcnn.data.records import Split
from frcnn.errors import counted
from frcnn.launch.differing import other_preset, overruled
from frcnn.launch.material import FROM_SCRATCH
from frcnn.launch.options import TrainOptions
from frcnn.model.anchor_labels import used_rows
from frcnn.model.anchors import anchor_grid, cell_anchors
from frcnn.model.backbone import feature_grid
from frcnn.model.batch import resized
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.ops import boxes as box_ops
from frcnn.presets import RunConfig
from frcnn.types import Size


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
    if small := without_anchors(train, config.model):
        yield (
            f"{small} of {len(train)} training pictures, resized, have no anchor inside: "
            "the RPN learns nothing from them (model.anchors.sides "
            f"{', '.join(f'{side:g}' for side in config.model.anchors.sides)}, "
            f"model.pictures.shorter_side {config.model.pictures.shorter_side}); smaller anchors, "
            "larger pictures, or --set model.anchor_labels.inside=anywhere"
        )


def without_anchors(train: Split, config: FasterRCNNConfig) -> int:
    """Count the pictures that no anchor lies inside of, where only such anchors learn (§3.3).

    Args:
        train: the training pictures.
        config: backbone, resizing, anchors and anchor labels are read.

    Returns:
        How many.
    """
    if config.anchor_labels.inside == "anywhere":
        return 0
    sizes = Counter(resized(record.size, config.pictures) for record in train.records)
    return sum(count for size, count in sizes.items() if not _has_anchors(size, config))


def too_many_readers(workers: int, processes: int) -> str:
    """Say so where more processes read pictures than there are cores.

    Args:
        workers: of each process that trains.
        processes: that train.

    Returns:
        A sentence; empty where the cores suffice.
    """
    readers, cores = workers * processes, machine.cores()
    if readers <= cores:
        return ""
    return f"{readers} processes read pictures for {counted(cores, 'core')}: fewer are as fast"


def _has_anchors(size: Size, config: FasterRCNNConfig) -> bool:
    w, h = box_ops.sides(cell_anchors(config.anchors))
    stride = config.anchors.stride
    if ((w + stride <= size.width) & (h + stride <= size.height)).any():
        return True  # wherever the cells stand, one is inside
    anchors = anchor_grid(config.anchors, feature_grid(config.backbone, size))
    return len(used_rows(anchors, size, config.anchor_labels)) > 0
