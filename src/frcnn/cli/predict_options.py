"""What `frcnn predict` can be told."""

from dataclasses import dataclass

from frcnn.cli import words
from frcnn.cli.options import MOST, Computing, no_choice, out_of_range
from frcnn.errors import ConfigError

SAVE = ("images", "crops", "json", "jsonl", "csv", "coco", "yolo", "voc", "label-studio")
MERGE = ("greedy", "nms")
MATCH = ("ios", "iou")


@dataclass(frozen=True, kw_only=True)
class PredictOptions(Computing):
    """`frcnn predict`."""

    conf: words.Number = None
    """Lowest score that is reported, 0 or more, below 1."""
    iou: words.Number = None
    """Two boxes of a class that overlap more than this are one object, above 0, up to 1."""
    max_det: words.Whole = None
    """Most objects in one picture."""
    batch: words.Whole = None
    """Pictures, or tiles, at a time; no result depends on it beyond rounding."""
    tile: words.Whole = None
    """Cut pictures into overlapping tiles of N pixels a side; a TIFF of any size can be read so."""
    tile_overlap: words.Number = None
    """Share of a tile's side that its neighbour has, too; objects should fit in. [default: 0.2]"""
    tile_merge: words.Text = None
    """Of boxes that match: greedy, a box around them, or nms, the best alone. [default: greedy]"""
    tile_match: words.Text = None
    """How their overlap is measured: ios, over the smaller box, or iou. [default: ios]"""
    tile_threshold: words.Number = None
    """They match from this overlap on, above 0, up to 1. [default: 0.5]"""
    tiles_only: words.Flag = False
    """Look at tiles alone, not at the whole picture as well."""
    vid_stride: words.Whole = None
    """Of a video, look at every Nth frame. [default: 1]"""
    max_frames: words.Whole = None
    """Of a video, a camera or a stream, look at N frames at most. [default: to its end]"""
    save: words.Text = None
    """What to write, with commas: images, crops, json, jsonl, csv, coco, yolo, voc, label-studio.
    [default: images,json]"""
    image_url: words.Text = None
    """For label-studio: what stands before each picture's path. [default: its local files]"""
    out: words.Path = None
    """The folder for the results. [default: a new one in runs]"""
    strict: words.Flag = False
    """End with exit code 3 when a picture could not be read; the others are done all the same."""
    resume: words.Flag = False
    """Go on in --out: pictures that are done there are not done again."""
    config: words.Path = None
    """A YAML file with these options, by their long names; what is typed has the last word."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("conf", "tile_overlap"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1:
                raise out_of_range(name, value, "0 or more, below 1")
        for name in ("iou", "tile_threshold"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise out_of_range(name, value, "above 0, up to 1")
        self._within("max_det", 1, 100_000)
        self._within("batch", 1, 4096)
        self._within("tile", 16, 30_000)
        self._within("vid_stride", 1, 1_000_000)
        self._within("max_frames", 1, MOST)
        self._one_of("tile_merge", MERGE)
        self._one_of("tile_match", MATCH)
        for kind in self.kinds or ():
            if kind not in SAVE:
                raise no_choice("save", kind, SAVE)
        self._require_no_contradiction()

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """What to write, one by one; None: not said."""
        return None if self.save is None else tuple(part.strip() for part in self.save.split(","))

    def _require_no_contradiction(self) -> None:
        if self.resume and self.out is None:
            raise ConfigError(
                "RC308",
                "--resume",
                "does not say what to go on with",
                want="--out DIR of the prediction that was stopped",
                fix="add --out DIR",
            )
        if self.image_url is not None and "label-studio" not in (self.kinds or ()):
            raise ConfigError(
                "RC308",
                "--image-url",
                "is for Label Studio's tasks, which are not asked for",
                want="--save label-studio",
                fix="add label-studio to --save, or leave --image-url out",
            )
