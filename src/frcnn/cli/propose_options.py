"""What `frcnn propose` can be told."""

from dataclasses import dataclass

from frcnn.cli import words
from frcnn.cli.options import LAYOUTS, Computing, Pairs, require_pairs
from frcnn.errors import ConfigError

FORMATS = ("frcnn", "pickle")


@dataclass(frozen=True, kw_only=True)
class ProposeOptions(Computing):
    """`frcnn propose`."""

    data: words.Path = None
    """The folder of the data. [default: what the run was trained on]"""
    layout: words.Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    split: words.Text = None
    """Which split. [default: the training pictures]"""
    out: words.Path = None
    """The file to write; needed. A file that is there is replaced."""
    format: words.Text = None
    """frcnn, or pickle for the authors' code. [default: frcnn]"""
    proposals: words.Whole = None
    """Most boxes of one picture. [default: as many as the model trains on]"""
    mirrored: words.Flag = False
    """Look at each picture's mirrored self, too, as the authors' MATLAB code does."""
    batch: words.Whole = None
    """Pictures at a time; no result depends on it beyond rounding."""
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""
    settings: Pairs = ()
    """Change how it proposes, as in --set model.proposals_train.boxes=anchors."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._one_of("format", FORMATS)
        self._one_of("layout", LAYOUTS)
        self._within("proposals", 1, 1_000_000)
        self._within("batch", 1, 4096)
        require_pairs(self.settings)
        if self.mirrored and self.format == "pickle":
            raise ConfigError(
                "RC308",
                "--mirrored",
                "contradicts another option",
                got="--format pickle too",
                want="the authors' Python code mirrors boxes itself",
                fix="leave out one of the two",
            )
