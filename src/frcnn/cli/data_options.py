"""What the verbs of `frcnn data` can be told."""

from dataclasses import dataclass

from frcnn.cli import words
from frcnn.cli.options import LAYOUTS, Shared

PICTURES = ("copy", "hardlink")


@dataclass(frozen=True, kw_only=True)
class CheckOptions(Shared):
    """`frcnn data check`."""

    layout: words.Text = None
    """voc, coco, yolo or csv. [default: found by looking]"""
    report: words.Path = None
    """A JSON file to write, with every finding, outside the data."""
    fix: words.Path = None
    """A new folder for a repaired copy in the same layout; the data itself is never changed."""
    strict: words.Flag = False
    """End with exit code 3 when there is an error, even one that training would pass over."""
    no_pictures: words.Flag = False
    """Do not decode pictures, and believe the sizes that the annotations state: quick."""
    shorter_side: words.Whole = None
    """Shorter side after resizing, to find boxes that become too small. [default: 600]"""
    longer_side: words.Whole = None
    """Most that the longer side may have after resizing. [default: 1000]"""
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""

    def __post_init__(self) -> None:
        self._one_of("layout", LAYOUTS)
        self._within("shorter_side", 1, 100_000)
        self._within("longer_side", 1, 100_000)


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(Shared):
    """`frcnn data convert`."""

    to: words.Text = None
    """The new layout, needed: voc, coco, yolo or csv."""
    out: words.Path = None
    """The folder to write, needed: a new or empty one, outside the data's own."""
    layout: words.Text = None
    """What the data has: voc, coco, yolo or csv. [default: found by looking]"""
    pictures: words.Text = None
    """copy, or hardlink: no space, but both folders share the bytes. [default: copy]"""
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""

    def __post_init__(self) -> None:
        self._one_of("to", LAYOUTS)
        self._one_of("layout", LAYOUTS)
        self._one_of("pictures", PICTURES)
