"""What the verbs of `frcnn data` can be told."""

from dataclasses import dataclass

from frcnn.cli import words
from frcnn.cli.options import LAYOUTS, Shared

PICTURES = ("copy", "hardlink")
WRITTEN = ("voc", "coco", "yolo", "csv")


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(Shared):
    """`frcnn data convert`."""

    to: words.Text = None
    """The new layout, needed: voc, coco, yolo or csv."""
    out: words.Path = None
    """The folder to write, needed: a new or empty one, outside the data's own."""
    layout: words.Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    pictures: words.Text = None
    """copy, or hardlink: no space, but both folders share the bytes. [default: copy]"""
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""

    def __post_init__(self) -> None:
        self._one_of("to", WRITTEN)
        self._one_of("layout", LAYOUTS)
        self._one_of("pictures", PICTURES)
