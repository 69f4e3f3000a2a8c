"""Everything that a run is made of, as one value: it stands in each run's `config.yaml`."""

from dataclasses import dataclass, field

from frcnn.data.dataset import MAX_BAD
from frcnn.errors import ConfigError
from frcnn.model.config import FasterRCNNConfig
from frcnn.training.job import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class StartConfig:
    """Where the weights come from; all empty: torchvision's published ones for the backbone."""

    init: str = ""
    """A run or weights file of ours to go on from; for the scheme `head`, whose first stage is to
    propose in new pictures."""
    proposals: str = ""
    """A file of stored proposals of the training pictures, for the scheme `head`."""
    backbone_weights: str = ""
    """A weights file, the name of one of torchvision's, or `none` for random numbers."""
    preprocessing: str = ""
    """`caffe` or `torchvision`, for a backbone file that does not say."""


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that a run is made of."""

    preset: str = ""
    """The function that these settings started from."""
    data: str = ""
    """Folder of the data, or its annotation file."""
    layout: str = ""
    """voc, coco, yolo, csv, label-studio, cvat or labelme; empty: found by looking."""
    classes: tuple[str, ...] = ()
    """Names of class ids 0 ... C-1; empty: the data's own list, or the sorted names of the training
    split."""
    training_split: str = ""
    """The split to learn from, all of it; empty: `train`, else `trainval` without the validation
    pictures, else the only one there is."""
    validation_share: float = 0.2
    """Of the training pictures, where the data has no validation split."""
    max_bad: float = MAX_BAD
    """Share of the pictures that may be unusable and left out, with a report; more are an error."""
    start: StartConfig = field(default_factory=StartConfig)
    started_from: str = ""
    """Filled in by training: what the weights really came from."""
    model: FasterRCNNConfig = field(default_factory=FasterRCNNConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        if not 0 < self.validation_share < 1:
            raise ConfigError(
                "RC350",
                "validation_share",
                "not a share of the pictures",
                got=str(self.validation_share),
                want="a number in (0, 1)",
                fix="0.2 takes a fifth for validation",
            )
        if not 0 <= self.max_bad <= 1:
            raise ConfigError(
                "RC350",
                "max_bad",
                "not a share of the pictures",
                got=str(self.max_bad),
                want="a number in [0, 1]",
                fix="0.01 leaves out up to one picture in a hundred",
            )
