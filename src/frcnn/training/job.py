"""A job: one network, what it learns from, how, and where it is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from frcnn import machine
from frcnn.data.proposals import StoredProposals
from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.run_folder import RunFolder
from frcnn.settings import to_mapping
from frcnn.training.augmentation import Augmentation, AugmentationConfig
from frcnn.training.batches import BatchConfig, epoch_batches
from frcnn.training.checkpoint import CheckpointConfig, Circumstances
from frcnn.training.distributed import ALONE, DistributedConfig, World
from frcnn.training.optimizer import OptimizerConfig
from frcnn.training.own_transform import Transform
from frcnn.training.phase import JOINT, Phase
from frcnn.training.plans import AlternatingConfig, Scheme
from frcnn.training.precision import Precision
from frcnn.training.schedule import ScheduleConfig, total_steps
from frcnn.training.step import StepReport
from frcnn.training.validation import EvaluationConfig
from frcnn.types import name_of


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything about learning that is not the network."""

    seed: int = 0
    """Of all draws: weights, order, flips, samples."""
    scheme: Scheme = "joint"
    """In which order the stages are learnt (§3.2): `joint` is the paper's approximate joint
    training, `alternating` its four steps, `unshared` the first two of them, `exact-joint` lets
    the head's loss move the proposals, `rpn` and `head` train one stage alone."""
    alternating: AlternatingConfig = field(default_factory=AlternatingConfig)
    """What differs in each of the four steps."""
    batches: BatchConfig = field(default_factory=BatchConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    distributed: DistributedConfig = field(default_factory=DistributedConfig)
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Of convolutions and matrix products; auto: the fastest that the device has natively."""
    memory_format: Literal["auto", "channels_last", "contiguous"] = "auto"
    """Of pictures and of the weights of convolutions; auto: what the device is faster in, channels
    last but on MPS. Figures are measured in what is automatic."""
    average_decay: float | None = None
    """Keep a running average of the weights and report that; none: the last step's. Not in the
    paper."""

    def __post_init__(self) -> None:
        if self.average_decay is not None and not 0 < self.average_decay < 1:
            raise ConfigError(
                "RC350",
                "average_decay",
                "not a share",
                got=str(self.average_decay),
                want="a number in (0, 1), or none",
                fix="0.99 to 0.999 are usual",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One run: what is trained, on what, and where it is kept."""

    run: RunFolder
    model: FasterRCNN
    train: Split
    val: Split
    config: TrainingConfig
    precision: Precision
    phase: Phase = JOINT
    """What learns, from which loss."""
    proposals: StoredProposals | None = None
    """Of the training pictures, for a phase that learns on stored ones."""
    transform: Transform | None = None
    """A function of the user's that training pictures go through first."""
    callbacks: Sequence[Callable[[StepReport], None]] = ()
    """Called after every step, for trackers and tests; by the leading process alone."""
    world: World = ALONE
    """The processes that do this together."""

    @property
    def augmentation(self) -> Augmentation:
        """What is done to training pictures beyond the flip."""
        return Augmentation(config=self.config.augmentation, transform=self.transform)

    @property
    def circumstances(self) -> Circumstances:
        """What a checkpoint of this run stands on."""
        return Circumstances(
            classes=self.train.classes,
            model=to_mapping(self.model.config),
            training=to_mapping(self.config),
            data=self.train.fingerprint,
            processes=self.world.size,
            machine={
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
                "processor": machine.processor_name(),
                "device": self.precision.device.type,
                "precision": name_of(self.precision.dtype),
            },
        )


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a job is, counted three ways."""

    batches_per_epoch: int
    total: int
    """Optimizer steps in all."""
    evaluate_every: int
    """Optimizer steps between two evaluations."""
    accumulate: int
    """Batches to a step."""

    def epochs_at(self, step: int) -> float:
        """Count the passes over the data after a number of steps."""
        return step * self.accumulate / self.batches_per_epoch

    def is_evaluated_after(self, step: int) -> bool:
        """Say whether an evaluation follows a step; the last step always has one."""
        return step > 0 and (step % self.evaluate_every == 0 or step == self.total)


def length_of(job: Job) -> Length:
    """Work out how many steps a job has.

    Args:
        job: its schedule, batches and number of pictures are read.

    Returns:
        The counts.
    """
    return length_for(job.config, job.train)


def length_for(config: TrainingConfig, train: Split) -> Length:
    """Work out how many steps a training has.

    Args:
        config: its schedule and batches are read.
        train: the training pictures.

    Returns:
        The counts.
    """
    sizes = [record.size for record in train.records]
    batches = len(epoch_batches(sizes, 0, 0, config.batches))
    accumulate = config.optimizer.accumulate
    steps = batches / accumulate
    return Length(
        batches_per_epoch=batches,
        total=total_steps(config.schedule, steps),
        evaluate_every=max(1, round(config.evaluation.every_epochs * steps)),
        accumulate=accumulate,
    )
