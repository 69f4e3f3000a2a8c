"""What the verbs of `frcnn data` can be told."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from frcnn.cli import words
from frcnn.cli.options import LAYOUTS, Shared
from frcnn.errors import ConfigError

PICTURES = ("copy", "hardlink")
LOOK_ALIKES = ("together", "apart")
WRITTEN = ("voc", "coco", "yolo", "csv")


@dataclass(frozen=True, kw_only=True)
class CheckOptions(Shared):
    """`frcnn data check`."""

    layout: words.Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    report: words.Path = None
    """A JSON file to write, with every finding, outside the data."""
    fix: words.Path = None
    """A new folder for a repaired copy; the data itself is never changed."""
    to: words.Text = None
    """The copy's layout: voc, coco, yolo or csv. [default: what the data has; of an export needed]
    """
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
        self._one_of("to", WRITTEN)
        self._within("shorter_side", 1, 100_000)
        self._within("longer_side", 1, 100_000)
        if self.to is not None and self.fix is None:
            raise ConfigError(
                "RC308",
                "--to",
                "is for a repaired copy, which is not asked for",
                want="--fix NEW",
                fix="add --fix NEW, or leave --to out",
            )


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


@dataclass(frozen=True, kw_only=True)
class SplitOptions(Shared):
    """`frcnn data split`."""

    out: words.Path = None
    """The folder to write, needed: a new or empty one, outside the data's own."""
    shares: words.Text = None
    """Of the pictures. [default: train=0.7,val=0.2,test=0.1]"""
    group_by: words.Text = None
    """What stays together: folder, or prefix:PATTERN, whose first brackets find the group in a
    file's name. [default: each picture alone]"""
    look_alikes: words.Text = None
    """Pictures that show nearly the same: together in one split, or apart, as they come, and
    no picture is decoded. [default: together]"""
    seed: words.Whole = None
    """Of what is left to chance. [default: 0]"""
    layout: words.Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    to: words.Text = None
    """The new layout: voc, coco, yolo or csv. [default: what the data has]"""
    pictures: words.Text = None
    """copy, or hardlink: no space, but both folders share the bytes. [default: copy]"""
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""

    def __post_init__(self) -> None:
        self._one_of("to", WRITTEN)
        self._one_of("layout", LAYOUTS)
        self._one_of("pictures", PICTURES)
        self._one_of("look_alikes", LOOK_ALIKES)
        self._within("seed", 0, 2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class ShowOptions(Shared):
    """`frcnn data show`."""

    split: words.Text = None
    """Which split. [default: all]"""
    class_name: Annotated[
        str | None, Parameter(name="--class", converter=words.text, metavar="NAME")
    ] = None
    """Only pictures with this class; boxes of other classes are grey. [default: all]"""
    pictures: words.Whole = None
    """How many. [default: 24, or as many as it takes to see every class]"""
    per_sheet: words.Whole = None
    """How many on one sheet. [default: 12]"""
    seed: words.Whole = None
    """Another one shows other pictures. [default: 0]"""
    out: words.Path = None
    """The PNG file to write; of several, _1, _2, ... [default: NAME_labels.png]"""
    layout: words.Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""

    def __post_init__(self) -> None:
        self._one_of("layout", LAYOUTS)
        self._within("pictures", 1, 100_000)
        self._within("per_sheet", 1, 100)
        self._within("seed", 0, 2**32 - 1)
