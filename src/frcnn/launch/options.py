"""What a training and a prediction over files can be told, in the words of the command line."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

from frcnn.prediction.merging import Match, Rule
from frcnn.prediction.writers import Kind
from frcnn.training.own_transform import Transform
from frcnn.training.plans import Scheme
from frcnn.training.step import StepReport


class TrainOptions(TypedDict, total=False):
    """What can be asked of a training, in the words of the command line."""

    model: str
    """A preset's name; where none is named, the config file's, that of `init`'s network, or
    `presets.DEFAULT`."""
    config: str | Path
    """A YAML file of settings, laid over the preset's when these are fitted to the data."""
    layout: str
    """`voc`, `coco`, `yolo` or `csv`, where the data has more than one; found by looking."""
    settings: Sequence[str]
    """`name=value` pairs, laid over everything else."""
    scheme: Scheme
    """In which order the stages are learnt; `training.schemes` lists them."""
    epochs: float
    batch: int
    workers: int
    seed: int
    patience: int
    precision: str
    device: str
    init: str | Path
    """A run or weights file of ours to go on from; for the scheme `head`, whose first stage is to
    propose in new pictures."""
    proposals: str | Path
    """A file of stored proposals, or a pickle of the authors' code, for the scheme `head`."""
    backbone_weights: str | Path
    """A file, the name of one of torchvision's published weights, or `none`."""
    preprocessing: str
    """`caffe` or `torchvision`: what a backbone file that says nothing expects."""
    out: str | Path
    """The folder of all runs; `runs` where none is named."""
    resume: str | Path
    """The run to go on with."""
    quiet: bool
    callbacks: Sequence[Callable[[StepReport], None]]
    """Called after every step."""
    augment: Transform
    """A function that training pictures go through first, with their boxes."""


class PredictOptions(TypedDict, total=False):
    """What can be asked of a prediction over files, in the words of the command line."""

    conf: float
    """Lowest score reported."""
    iou: float
    """Of two boxes of one class that overlap by more, the better one stays."""
    max_det: int
    """Most detections of one picture."""
    batch: int
    """Most pictures computed at once."""
    save: Sequence[Kind]
    """What to write: `images`, `crops`, `json`, `jsonl`, `csv`, `coco`, `yolo`, `voc`,
    `label-studio`."""
    image_url: str
    """What stands before a picture's path inside its source, for Label Studio."""
    tile: int
    """Cut pictures into overlapping tiles of so many pixels a side."""
    tile_overlap: float
    """Share of a tile's side that its neighbour has, too."""
    tile_merge: Rule
    """`greedy` or `nms`: what becomes of boxes that match a better one."""
    tile_match: Match
    """`ios` or `iou`: how their overlap is measured."""
    tile_threshold: float
    """They match from this overlap on."""
    tiles_only: bool
    """Look at tiles alone, not at the whole picture as well."""
    vid_stride: int
    """Of a video, look at every so many frames one."""
    max_frames: int
    """Of a video, a camera or a stream, look at so many frames at most."""
    out: str | Path
    """Folder for the results; a new one in `runs` where none is named."""
    resume: bool
    """Go on in `out`."""
    device: str
    precision: str
    quiet: bool
