"""Which scheme, and what differs in each of the four steps of alternating training.

Faster R-CNN §3.2; the authors' MATLAB and Python code differ where a setting says so.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from frcnn.errors import ConfigError
from frcnn.training.batches import BatchConfig
from frcnn.training.optimizer import OptimizerConfig
from frcnn.training.schedule import ScheduleConfig

Scheme = Literal["joint", "exact-joint", "alternating", "unshared", "rpn", "head"]


@dataclass(frozen=True, kw_only=True)
class PlanConfig:
    """One of the four steps: what is not as the run's own settings have it; none: as they do."""

    batch: int | None = None
    """Pictures in a batch; the authors' RPN: 1, their detector: 2."""
    regions: int | None = None
    """Regions of one picture that the head learns from; Fast R-CNN §2.3: 64 of each of two."""
    learning_rate: float | None = None
    """At the height of the schedule; the authors' is 0.001 in all four."""
    steps: int | None = None
    """Optimizer steps; the authors' on VOC 2007: 80,000 for the RPN, 40,000 for the detector."""
    epochs: float | None = None
    """Passes over the training pictures, where `steps` is not given."""

    def __post_init__(self) -> None:
        given = (self.batch, self.regions, self.learning_rate, self.steps, self.epochs)
        if any(value is not None and value <= 0 for value in given):
            raise ConfigError(
                "RC350",
                "alternating",
                "nothing would be learnt in this step",
                got=f"batch {self.batch}, regions {self.regions}, learning_rate "
                f"{self.learning_rate}, steps {self.steps}, epochs {self.epochs}",
                want="numbers > 0, or none",
                fix="leave out what shall be as in the run's other settings",
            )

    def batches(self, config: BatchConfig) -> BatchConfig:
        """Give the batches of this step.

        Args:
            config: the run's.

        Returns:
            The same with this step's number of pictures.
        """
        return config if self.batch is None else replace(config, size=self.batch)

    def optimizer(self, config: OptimizerConfig) -> OptimizerConfig:
        """Give the optimizer of this step.

        Args:
            config: the run's.

        Returns:
            The same with this step's learning rate.
        """
        rate = self.learning_rate
        return config if rate is None else replace(config, learning_rate=rate)

    def schedule(self, config: ScheduleConfig) -> ScheduleConfig:
        """Give the schedule of this step.

        Args:
            config: the run's; its shape stays.

        Returns:
            The same with this step's length.
        """
        if self.steps is not None:
            return replace(config, steps=self.steps)
        if self.epochs is not None:
            return replace(config, steps=None, epochs=self.epochs)
        return config


@dataclass(frozen=True, kw_only=True)
class AlternatingConfig:
    """The four steps (§3.2, last paragraph); `unshared` takes the first two."""

    rpn: PlanConfig = field(default_factory=PlanConfig)
    """Step 1."""
    detector: PlanConfig = field(default_factory=PlanConfig)
    """Step 2."""
    rpn_layers: PlanConfig = field(default_factory=PlanConfig)
    """Step 3."""
    detector_layers: PlanConfig = field(default_factory=PlanConfig)
    """Step 4."""
    last_layers: Literal["new", "kept"] = "new"
    """What the two last layers start step 4 from: random numbers, as in the authors' Python
    code, or those of step 2, as in their MATLAB code."""
    of_mirrored: Literal["mirrored", "computed"] = "mirrored"
    """The proposals of a mirrored picture: those of the picture, mirrored (authors' Python code),
    or those that the RPN finds in the mirrored picture (their MATLAB code)."""

    def plan(self, step: int) -> PlanConfig:
        """Give the plan of a step, 1 ... 4."""
        return (self.rpn, self.detector, self.rpn_layers, self.detector_layers)[step - 1]
