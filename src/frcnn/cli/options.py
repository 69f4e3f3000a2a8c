"""What each verb can be told. Familiar words; everything else is a setting (`--set`, `--config`).

None means "not said": then the run, the preset or the library decides. Ranges are checked at birth,
whether a value was typed or stood in a file.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from frcnn import machine, settings
from frcnn.cli import words
from frcnn.errors import ConfigError

_Text = words.Text
_Path = words.Path
_Whole = words.Whole
_Number = words.Number
_Flag = words.Flag
Pairs = Annotated[tuple[str, ...], Parameter(name="--set", negative="", metavar="NAME=VALUE")]
"""What `--set` takes, each time it is said."""

LAYOUTS = ("voc", "coco", "yolo", "csv", "label-studio", "cvat", "labelme")
METRICS = ("voc07", "voc", "coco", "proposals")
PREPROCESSING = ("caffe", "torchvision")
SCHEMES = ("joint", "exact-joint", "alternating", "unshared", "rpn", "head")
MOST = 10**9
"""Of whatever can be counted."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What every verb can be told."""

    json: _Flag = False
    """Write the result to stdout as JSON; what is for people goes to stderr."""
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative="")] = False
    """Show no progress and no remarks, only warnings and the result."""
    debug: _Flag = False
    """Show the traceback of an error."""

    def said(self, *names: str) -> dict[str, Any]:
        """Give those of the options that were said, by name."""
        values = {name: getattr(self, name) for name in names}
        unsaid = (None, False)  # compared by identity: 0 equals False, and is said
        return {k: v for k, v in values.items() if v != () and all(v is not u for u in unsaid)}

    def _within(self, name: str, low: float, high: float, *, above: float = -math.inf) -> None:
        value = getattr(self, name)
        if value is None or (low <= value <= high and value > above):
            return
        lowest = f"more than {above:g}" if above >= low else f"{low:g} or more"
        want = f"{low:g} ... {high:g}" if high < MOST and above < low else lowest
        raise out_of_range(name, value, want)

    def _one_of(self, name: str, known: Sequence[str]) -> None:
        value = getattr(self, name)
        if value is not None and value not in known:
            raise no_choice(name, value, known)


@dataclass(frozen=True, kw_only=True)
class Computing(Shared):
    """What every verb that computes can be told."""

    device: _Text = None
    """auto, cpu, cuda, cuda:N or mps. [default: auto]"""
    precision: _Text = None
    """auto, float32, bfloat16 or float16; auto is the fastest that the device has natively."""

    def __post_init__(self) -> None:
        if self.device is not None:
            machine.split_device(self.device)
        if self.precision is not None:
            machine.require_precision_name(self.precision)


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(Shared):
    """`frcnn doctor`."""

    config: _Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""


@dataclass(frozen=True, kw_only=True)
class PresetsOptions(DoctorOptions):
    """`frcnn presets list` and `frcnn presets show`."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions(Computing):
    """`frcnn demo`."""

    out: _Path = None
    """The folder of all runs. [default: runs]"""
    scenes: _Whole = None
    """Scenes to train on; half as many again are drawn to validate and test. [default: 400]"""
    epochs: _Number = None
    """Passes over the training scenes. [default: the preset's]"""
    seed: _Whole = None
    """Of all draws, the scenes' too. [default: 0]"""
    workers: _Whole = None
    """Processes that read pictures; no result depends on it."""
    config: _Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""
    settings: Pairs = ()
    """Change one setting, as in --set training.batches.size=4; may be repeated."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._within("scenes", 8, MOST)
        self._within("epochs", 0, MOST, above=0)
        self._within("seed", 0, 2**32 - 1)
        self._within("workers", 0, 256)
        require_pairs(self.settings)


@dataclass(frozen=True, kw_only=True)
class TrainOptions(Computing):
    """`frcnn train`."""

    data: _Path = None
    """The folder of the data, in any layout that is read; or its annotation file."""
    layout: _Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    model: _Text = None
    """A preset; `frcnn presets list` names them."""
    scheme: _Text = None
    """joint, alternating, unshared, exact-joint, rpn or head. [default: joint]"""
    epochs: _Number = None
    """Passes over the training pictures. [default: chosen from the size of the data]"""
    batch: _Whole = None
    """Pictures in one step."""
    workers: _Whole = None
    """Processes that read pictures; no result depends on it."""
    seed: _Whole = None
    """Of all draws. [default: 0]"""
    patience: _Whole = None
    """Stop after so many evaluations without a better one."""
    init: _Path = None
    """Go on from this run or weights file of ours, with other classes too."""
    proposals: _Path = None
    """A file of stored proposals (`frcnn propose`), for --scheme head."""
    backbone_weights: _Path = None
    """A .safetensors or .pth file, the name of one of torchvision's, or none: from scratch."""
    preprocessing: _Text = None
    """caffe or torchvision: what a weights file expects of pictures if it does not say so."""
    resume: _Path = None
    """Go on with this run, exactly where it stopped."""
    processes: _Whole = None
    """Train with so many processes on this machine; docs/many_machines.md for several."""
    out: _Path = None
    """The folder of all runs. [default: runs]"""
    config: _Path = None
    """A YAML file of settings, as config.yaml in a run folder or `frcnn presets show`."""
    settings: Pairs = ()
    """Change one setting, as in --set model.pictures.shorter_side=480; may be repeated."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._within("epochs", 0, MOST, above=0)
        self._within("batch", 1, 4096)
        self._within("workers", 0, 256)
        self._within("seed", 0, 2**32 - 1)
        self._within("patience", 1, MOST)
        self._within("processes", 1, 1024)
        self._one_of("preprocessing", PREPROCESSING)
        self._one_of("scheme", SCHEMES)
        self._one_of("layout", LAYOUTS)
        require_pairs(self.settings)


@dataclass(frozen=True, kw_only=True)
class EvalOptions(Computing):
    """`frcnn eval`."""

    data: _Path = None
    """The folder of the data. [default: what the run was trained on]"""
    layout: _Text = None
    """voc, coco, yolo, csv, label-studio, cvat or labelme. [default: found by looking]"""
    split: _Text = None
    """Which split. [default: test where there is one, else val, else the only one]"""
    metric: _Text = None
    """What comes first: voc07, voc, coco; or proposals: the first stage alone. [default: coco]"""
    batch: _Whole = None
    """Pictures at a time; no result depends on it beyond rounding."""
    out: _Path = None
    """The folder for the figures and plots. [default: eval/SPLIT in the run folder]"""
    save: _Text = None
    """What else to write: voc, the results files of the VOC devkit. [default: nothing]"""
    config: _Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""
    settings: Pairs = ()
    """Change how it proposes or reports, as in --set model.proposals_test.nms_iou=null."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._one_of("metric", METRICS)
        self._one_of("layout", LAYOUTS)
        self._one_of("save", ("voc",))
        self._within("batch", 1, 4096)
        require_pairs(self.settings)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def require_pairs(pairs: Sequence[str]) -> None:
    """Refuse what is no pair of a name and a value (RC304)."""
    for pair in pairs:
        if "=" not in pair:
            raise words.wrong("--set", pair, "NAME=VALUE")


def out_of_range(name: str, value: float, want: str) -> ConfigError:
    """Say that an option's number is not one of those that it may have."""
    fix = f"give {_option(name)} a value in that range, or leave it out"
    return ConfigError("RC305", _option(name), "out of range", got=f"{value:g}", want=want, fix=fix)


def no_choice(name: str, value: str, known: Sequence[str]) -> ConfigError:
    """Say that an option's word is none of those that are known."""
    near = settings.nearest(value, known)
    fix = f"did you mean `{near}`?" if near else f"name one of {', '.join(known)}"
    want = ", ".join(known)
    return ConfigError("RC304", _option(name), "wrong value", got=repr(value), want=want, fix=fix)
