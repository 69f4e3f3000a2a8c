"""The detector: a network with its class names, ready to look at pictures.

The way of one picture: `loading.load` -> `model.batch.prepare` -> `FasterRCNN.predict` ->
detections in pixels of the original picture -> `Result`. Only pictures of one resized size share
a batch, so that none is padded and a picture's result does not depend on its neighbours beyond
rounding. Nothing is remembered between calls: threads may share a detector.

Letters: N detections, C classes, H x W pixels.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeVar, overload

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.model.batch import Prepared, prepare, to_batch
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.proposals import ProposalConfig
from frcnn.ops import boxes as box_ops
from frcnn.prediction.choice import Choice, Rules, rules_of
from frcnn.prediction.inference_copy import inference_copy
from frcnn.prediction.loading import Loaded, Source, is_one_picture, load
from frcnn.prediction.result import Result
from frcnn.types import Detections, ImageBatch, Proposals, name_of

Found = TypeVar("Found", Detections, Proposals)


class Detector:
    """Finds objects in pictures. Always evaluation behaviour, without gradients."""

    module: FasterRCNN
    """The network as it was given, never changed: a plain nn.Module for any trainer."""
    classes: tuple[str, ...]
    """Names of class ids 0 ... C-1."""
    device: torch.device
    precision: torch.dtype
    batch: int
    """Most pictures computed at once."""

    def __init__(
        self,
        module: FasterRCNN,
        classes: Sequence[str],
        *,
        device: torch.device | str = "cpu",
        precision: torch.dtype = torch.float32,
        batch: int = 1,
    ) -> None:
        """Make a copy of the network for prediction, once.

        Args:
            module: the network; its weights are taken as they are now. Make another detector
                after training on.
            classes: names of class ids 0 ... C-1.
            device: where to compute.
            precision: of the network: float32, bfloat16 or float16. Boxes and scores are float32.
            batch: most pictures computed at once; a processor gains little from more than one.

        Raises:
            ConfigError: the names do not fit the network (RC386), or `batch` is below 1 (RC381).

        ModelFileError RC525 when a weight is not finite.
        """
        self.module, self.classes = module, tuple(classes)
        self.device, self.precision, self.batch = torch.device(device), precision, batch
        _require_classes(self.classes, module.config.classes)
        if batch < 1:
            place, what = "Detector: batch", "not a number of pictures"
            fix = "leave batch out"
            raise ConfigError("RC381", place, what, got=str(batch), want=">= 1", fix=fix)
        self._network = inference_copy(module, self.device, precision)

    def __repr__(self) -> str:
        name = self.module.config.backbone.name
        dtype = name_of(self.precision)
        return f"Detector({name}, {len(self.classes)} classes, {dtype} on {self.device})"

    @overload
    def predict(  # type: ignore[overload-overlap]  # a text is a sequence of texts, too
        self,
        source: Source,
        *,
        conf: float | None = ...,
        iou: float | None = ...,
        max_det: int | None = ...,
        classes: Collection[str | int] | None = ...,
        probabilities: bool = ...,
        bgr: bool = ...,
    ) -> Result: ...

    @overload
    def predict(
        self,
        source: Iterable[Source],
        *,
        conf: float | None = ...,
        iou: float | None = ...,
        max_det: int | None = ...,
        classes: Collection[str | int] | None = ...,
        probabilities: bool = ...,
        bgr: bool = ...,
    ) -> list[Result]: ...

    def predict(  # noqa: PLR0913  # the words of the command line, by keyword
        self,
        source: Source | Iterable[Source],
        *,
        conf: float | None = None,
        iou: float | None = None,
        max_det: int | None = None,
        classes: Collection[str | int] | None = None,
        probabilities: bool = False,
        bgr: bool = False,
    ) -> Result | list[Result]:
        """Find objects in a picture, or in each of several.

        Args:
            source: a path, the bytes of a file, a PIL image, a NumPy [H, W, 3] uint8 array, a
                torch [3, H, W] uint8 tensor (RGB), or any iterable of these.
            conf: lowest score reported, in [0, 1).
            iou: of two boxes of one class that overlap by more, the better one stays; (0, 1].
            max_det: most detections of one picture, the best of the chosen classes.
            classes: names or ids of the classes to report.
            probabilities: report every class's probability, too.
            bgr: NumPy arrays come in the order blue, green, red, as OpenCV reads them.

        Returns:
            A result for a picture, a list of them for an iterable, in its order. What is not
            chosen is as the model's settings have it.

        Errors are ConfigError for an argument (RC380 and RC382 a picture's form, RC381 a value,
        RC387 a class), PictureError for a file that cannot be read, and ModelFileError when the
        network's numbers are not finite: nothing found always means that nothing is there.
        """
        choice = Choice(
            conf=conf, iou=iou, max_det=max_det, classes=classes, probabilities=probabilities
        )
        if is_one_picture(source):
            return self.look([load(source, bgr=bgr)], choice)[0]
        return list(self.stream(source, choice, bgr=bgr))  # type: ignore[arg-type]

    def stream(
        self, sources: Iterable[Source], choice: Choice | None = None, *, bgr: bool = False
    ) -> Iterator[Result]:
        """Find objects in one picture after the other, without keeping them.

        Args:
            sources: any iterable, endless ones too; each item as `predict` takes it.
            choice: which detections to report.
            bgr: as `predict`.

        Yields:
            A result for each picture, in order. Errors as `predict`.
        """
        numbered = enumerate(sources)
        while window := list(itertools.islice(numbered, self.batch)):
            loaded = [load(s, bgr=bgr, place=f"predict: picture {i}") for i, s in window]
            yield from self.look(loaded, choice)

    def look(self, pictures: Sequence[Loaded], choice: Choice | None = None) -> list[Result]:
        """Find objects in pictures that are read already.

        Args:
            pictures: as `loading.load` gives them.
            choice: which detections to report.

        Returns:
            A result for each. Errors as `detect`.
        """
        found = self.detect([p.picture for p in pictures], choice)
        return [
            Result(
                detections=detections,
                classes=self.classes,
                size=picture.size,
                path=picture.path,
                notes=picture.notes,
                pixels=picture.pixels if picture.path is None else None,
            )
            for detections, picture in zip(found, pictures, strict=True)
        ]

    def detect(self, pictures: Sequence[Tensor], choice: Choice | None = None) -> list[Detections]:
        """Find objects, and give the plain values alone.

        Args:
            pictures: each [3, H, W] uint8, RGB.
            choice: which detections to report.

        Returns:
            For each picture its detections, on the CPU: boxes in pixels of the picture, inside
            it and with an area, highest score first.

        Errors are ShapeError for a picture of another form, ConfigError RC387 for a class that is
        not the model's, and ModelFileError when the network's numbers are not finite.
        """
        rules = rules_of(choice or Choice(), self.module.config.postprocess, self.classes)
        found = self._each(pictures, lambda batch: self._network.predict(batch, rules.postprocess))
        return [_finished(detections, rules) for detections in found]

    def propose(
        self, pictures: Sequence[Tensor], config: ProposalConfig | None = None
    ) -> list[Proposals]:
        """Run the first stage alone: boxes that may hold an object of any class.

        Args:
            pictures: each [3, H, W] uint8, RGB.
            config: how many; None takes the model's own settings for testing.

        Returns:
            For each picture its proposals, on the CPU: boxes in pixels of the picture, inside
            it, highest objectness first.

        Errors are ShapeError for a picture of another form, and ModelFileError when the network's
        numbers are not finite.
        """
        chosen = config or self.module.config.proposals_test
        found = self._each(pictures, lambda batch: self._network.find_proposals(batch, chosen))
        # cloning makes normal tensors of those that belong to inference mode
        return [
            Proposals(
                boxes=p.boxes.float().cpu().clone(),
                objectness=p.objectness.float().cpu().clone(),
                anchors=p.anchors.cpu().clone(),
            )
            for p in found
        ]

    def _each(
        self, pictures: Sequence[Tensor], compute: Callable[[ImageBatch], list[Found]]
    ) -> list[Found]:
        """Compute pictures of one resized size together, and give the answers in order."""
        config = self.module.config.pictures
        prepared = [prepare(picture, config) for picture in pictures]
        answers: dict[int, Found] = {}
        for rows in _batches(prepared, self.batch):
            batch = to_batch([prepared[row] for row in rows], config)
            with torch.inference_mode():
                answers.update(zip(rows, compute(batch), strict=True))
        return [answers[row] for row in range(len(prepared))]


def _batches(prepared: Sequence[Prepared], most: int) -> list[list[int]]:
    """Put pictures of one resized size together, at most so many."""
    rows_of: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for row, picture in enumerate(prepared):
        rows_of[tuple(picture.pixels.shape)].append(row)
    return [
        rows[start : start + most]
        for rows in rows_of.values()
        for start in range(0, len(rows), most)
    ]


def _finished(found: Detections, rules: Rules) -> Detections:
    """Bring detections to the CPU and to the choice, as tensors that anything may be done with."""
    labels = found.labels.cpu()
    boxes = found.boxes.cpu()
    w, h = box_ops.sides(boxes)
    chosen = (w > 0) & (h > 0)
    if rules.labels is not None:
        chosen &= torch.isin(labels, rules.labels)
    rows = chosen.nonzero()[:, 0][: rules.max_det]
    return Detections(  # indexing makes normal tensors of those that belong to inference mode
        boxes=boxes[rows],
        scores=found.scores.cpu()[rows],
        labels=labels[rows],
        proposals=_picked(found.proposals, rows),
        probabilities=_picked(found.probabilities, rows) if rules.probabilities else None,
    )


def _picked(values: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if values is None else values.cpu()[rows]


def _require_classes(classes: tuple[str, ...], count: int) -> None:
    if len(classes) != count or len(set(classes)) != count:
        raise ConfigError(
            "RC386",
            "Detector: classes",
            "the names do not fit the network",
            got=f"{len(classes)} names, {len(set(classes))} different",
            want=f"{count} different names",
            fix="pass the names the network was trained with, in their order",
        )
