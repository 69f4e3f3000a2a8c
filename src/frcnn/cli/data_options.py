"""What the verbs of `frcnn data` can be told."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from frcnn.cli import words
from frcnn.cli.options import LAYOUTS, Pairs, Shared, out_of_range, require_pairs
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
    quarantine: words.Path = None
    """A text file to write, outside the data, with the path of every picture that cannot be used;
    the pictures stay where they are."""
    fix: words.Path = None
    """A new folder for a repaired copy; the data itself is never changed."""
    to: words.Text = None
    """The copy's layout: voc, coco, yolo or csv. [default: what the data has; of an export needed]
    """
    read_as: words.Text = None
    """The form in which the copy's boxes are read, where several explain them; RC260 has the words,
    such as "x y width height in pixels". [default: the only one]"""
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
        for name, value in (("--to", self.to), ("--read-as", self.read_as)):
            if value is None or self.fix is not None:
                continue
            raise ConfigError(
                "RC308",
                name,
                "is for a repaired copy, which is not asked for",
                want="--fix NEW",
                fix=f"add --fix NEW, or leave {name} out",
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
class TileOptions(Shared):
    """`frcnn data tile`."""

    out: words.Path = None
    """The folder to write, needed: a new or empty one, outside the data's own."""
    tile: words.Whole = None
    """Pixels of a tile's side, needed: as for `frcnn predict --tile`."""
    tile_overlap: words.Number = None
    """Share of a tile's side that its neighbour has, too; objects should fit in. [default: 0.2]"""
    least_visible: words.Number = None
    """Share of an object's box that a tile must show, or the box is left out there. [default: 0.1]
    """
    only_with_objects: words.Flag = False
    """Leave tiles without objects out; val and test keep theirs."""
    layout: words.Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    to: words.Text = None
    """The new layout: voc, coco, yolo or csv. [default: what the data has]"""
    pictures: words.Text = None
    """Of pictures no larger than a tile: copy, or hardlink, which shares the bytes. [default: copy]
    """
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""

    def __post_init__(self) -> None:
        self._one_of("to", WRITTEN)
        self._one_of("layout", LAYOUTS)
        self._one_of("pictures", PICTURES)
        self._within("tile", 16, 8000)
        self._within("least_visible", 0, 1)
        if self.tile_overlap is not None and not 0 <= self.tile_overlap < 1:
            raise out_of_range("tile_overlap", self.tile_overlap, "0 or more, below 1")


@dataclass(frozen=True, kw_only=True)
class ShowOptions(Shared):
    """`frcnn data show`."""

    split: words.Text = None
    """Which split. [default: all; with --augmented what training learns from]"""
    class_name: Annotated[
        str | None, Parameter(name="--class", converter=words.text, metavar="NAME")
    ] = None
    """Only pictures with this class; boxes of other classes are grey. [default: all]"""
    pictures: words.Whole = None
    """How many. [default: 24, or as many as it takes to see every class; with --augmented 6]"""
    per_sheet: words.Whole = None
    """How many on one sheet, every look counted. [default: 12]"""
    seed: words.Whole = None
    """Another one shows other pictures; with --augmented the training's. [default: 0]"""
    out: words.Path = None
    """The PNG file to write; of several, _1, _2, ... [default: NAME_labels.png]"""
    layout: words.Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    augmented: words.Flag = False
    """Draw what a training feeds its network: resized, mirrored, varied as its settings say."""
    looks: words.Whole = None
    """With --augmented: how often each picture is looked at. [default: 3]"""
    step: words.Whole = None
    """With --augmented: the first step of training that is shown. [default: 1]"""
    model: words.Text = None
    """With --augmented: a preset; `frcnn presets list` names them."""
    settings: Pairs = ()
    """With --augmented: change one setting, as frcnn train has it; may be repeated."""
    config: words.Path = None
    """A YAML file with these options, by their long names; beside --augmented one of settings."""

    def __post_init__(self) -> None:
        self._one_of("layout", LAYOUTS)
        self._within("pictures", 1, 100_000)
        self._within("per_sheet", 1, 100)
        self._within("seed", 0, 2**32 - 1)
        self._within("looks", 1, 99)
        self._within("step", 1, 10**9)
        require_pairs(self.settings)

    def require_plain(self) -> None:
        """Refuse what only --augmented can be told.

        Raises:
            ConfigError: it was said (RC308).
        """
        said = [*self.said("looks", "step", "model", "settings")]
        if said:
            option = "--set" if said[0] == "settings" else f"--{said[0]}"
            raise ConfigError(
                "RC308",
                option,
                "is for what a training sees, which is not asked for",
                want="--augmented",
                fix=f"add --augmented, or leave {option} out",
            )
