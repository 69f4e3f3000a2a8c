"""Everything that a run is made of, as one value: it stands in each run's `config.yaml`."""

from dataclasses import dataclass, field

from frcnn.model.config import FasterRCNNConfig
from frcnn.training.job import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class StartConfig:
    """Where the weights come from; all empty: torchvision's published ones for the backbone."""

    init: str = ""
    """A run or weights file of ours to go on from."""
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
    """Folder of the data."""
    validation_share: float = 0.2
    """Of the training pictures, where the data has no validation split."""
    start: StartConfig = field(default_factory=StartConfig)
    started_from: str = ""
    """Filled in by training: what the weights really came from."""
    model: FasterRCNNConfig = field(default_factory=FasterRCNNConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
