"""The answer of `frcnn eval`: figures, which of them was asked for, and where they are written."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from frcnn.errors import ConfigError, counted
from frcnn.evaluation.proposals import ProposalFigures
from frcnn.evaluation.report import Figures
from frcnn.settings import flow_yaml

DetectionMetric = Literal["coco", "voc07", "voc"]
Metric = Literal[DetectionMetric, "proposals"]


def require_metric(name: str) -> None:
    """Refuse what is no metric.

    Args:
        name: as asked for.

    Raises:
        ConfigError: there is none of this name (RC338).
    """
    known = get_args(Metric)
    if name not in known:
        raise ConfigError(
            "RC338",
            "metric",
            "no such metric",
            got=repr(name),
            want=", ".join(known),
            fix="leave it out for coco, or name one of these",
        )


def require_form(name: str | None) -> None:
    """Refuse a form of results that cannot be written.

    Args:
        name: as asked for; None asks for none.

    Raises:
        ConfigError: there is none of this name (RC339).
    """
    if name not in (None, "voc"):
        raise ConfigError(
            "RC339",
            "save",
            "results cannot be saved in this form",
            got=repr(name),
            want="voc",
            fix="leave it out, or save=voc for the files of the VOC devkit",
        )


def written(settings: Mapping[str, object]) -> list[str]:
    """Write settings as `--set` takes them.

    Args:
        settings: plain values by name.

    Returns:
        `name=value` for each.
    """
    return [f"{name}={flow_yaml(value)}" for name, value in settings.items()]


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured(ABC):
    """What an evaluation found, and where it is written."""

    figures: Figures | ProposalFigures
    split: str
    folder: Path
    metric: Metric
    settings: Mapping[str, object] = field(default_factory=dict)
    """What the network had otherwise than it was trained, by name."""

    @property
    @abstractmethod
    def headline(self) -> float | None:
        """The figure that was asked for."""

    @property
    def title(self) -> str:
        """Its name in the text for people."""
        return self.metric

    def __str__(self) -> str:
        shown = "-" if self.headline is None else f"{self.headline:.4f}"
        head = f"{self.title} {shown} on {self.split}, {counted(self.figures.pictures, 'picture')}"
        head += "".join(f", {row}" for row in written(self.settings))
        return f"{head}\n{self.figures.table()}\nsaved in {self.folder}"

    def to_file(self) -> dict[str, Any]:
        """Give what is kept in a file: the figures, and the settings where there are any."""
        said = {"settings": dict(self.settings)} if self.settings else {}
        return {**said, **self.figures.to_json()}

    def to_json(self) -> Mapping[str, Any]:
        """Give all of it as plain values."""
        return {
            "metric": self.metric,
            "value": self.headline,
            "split": self.split,
            "folder": str(self.folder),
            **self.to_file(),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class MeasuredDetections(Measured):
    """An evaluation of detections."""

    figures: Figures
    metric: DetectionMetric = "coco"

    @property
    def title(self) -> str:
        """The name of the figure that was asked for."""
        return {"coco": "COCO AP", "voc07": "VOC07 mAP", "voc": "VOC mAP"}[self.metric]

    @property
    def headline(self) -> float | None:
        """The figure of the metric that was asked for."""
        known = {
            "coco": self.figures.coco["AP"],
            "voc07": self.figures.voc07_map,
            "voc": self.figures.voc_map,
        }
        return known[self.metric]


@dataclass(frozen=True, eq=False, kw_only=True)
class MeasuredProposals(Measured):
    """An evaluation of the first stage alone."""

    figures: ProposalFigures
    metric: Literal["proposals"] = "proposals"

    @property
    def headline(self) -> float | None:
        """AR of 300 proposals, as many as the paper tests with (§4.1)."""
        return self.figures.average_recall(300)

    @property
    def title(self) -> str:
        """Its name in the text for people."""
        return "AR_300"
