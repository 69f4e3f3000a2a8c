"""What a run over many pictures is asked to do, and by what a resumed one knows it again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from frcnn.errors import ConfigError
from frcnn.prediction.choice import Choice
from frcnn.prediction.predictor import Detector
from frcnn.prediction.tiles import TileConfig
from frcnn.prediction.video.looking import FrameConfig
from frcnn.prediction.writers import NAMES, Kind
from frcnn.types import name_of


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a folder's run is asked to do."""

    out: Path
    """Folder of the results; made when it is not there."""
    save: Sequence[Kind] = ("images", "json")
    """What to write."""
    choice: Choice = field(default_factory=Choice)
    """Which detections to report."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What identifies the model, plain values; a resumed run must have the same."""
    category_ids: Sequence[int | str] | None = None
    """What the training data's own file calls the classes; None where it has names alone."""
    image_url: str | None = None
    """What stands before a picture's path inside its source, for Label Studio."""
    tiles: TileConfig | None = None
    """How large pictures are cut; None looks at each as a whole."""
    frames: FrameConfig = field(default_factory=FrameConfig)
    """Which frames of a video are looked at."""
    resume: bool = False
    """Go on in `out`; pictures that have their result are skipped."""

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.save if kind not in NAMES]
        if unknown or not self.save:
            raise ConfigError(
                "RC381",
                "predict: save",
                "nothing that can be written",
                got=", ".join(map(repr, unknown)) or "nothing",
                want=", ".join(NAMES),
                fix="name one or more of them",
            )


def about(detector: Detector, order: Order) -> dict[str, Any]:
    """Say what identifies a run: a resumed one must have the same.

    Args:
        detector: looks.
        order: what was asked.

    Returns:
        Plain values for the head of the diary.
    """
    choice = order.choice
    classes = choice.classes
    return {
        **order.about,
        "classes": list(detector.classes),
        "precision": name_of(detector.precision),
        "conf": choice.conf,
        "iou": choice.iou,
        "max_det": choice.max_det,
        "only": None if classes is None else sorted(map(str, classes)),
        "probabilities": choice.probabilities,
        "images": "images" in order.save,
        **({"crops": True} if "crops" in order.save else {}),
        **({} if order.frames.stride == 1 else {"vid_stride": order.frames.stride}),
        **({} if order.frames.most is None else {"max_frames": order.frames.most}),
        **({} if order.tiles is None else {"tiles": asdict(order.tiles)}),
        **({} if order.category_ids is None else {"category_ids": list(order.category_ids)}),
    }
