"""The detector: a network with its class names, ready to look at pictures.

The way of one picture: `loading.load` -> `model.batch.prepare` -> `FasterRCNN.predict` ->
detections in pixels of the original picture -> `Result`. Nothing is remembered between calls:
threads may share a detector.

Letters: N detections, C classes, H x W pixels.
"""

import itertools
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Unpack, overload

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.model.batch import enough, resized
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.proposals import ProposalConfig
from frcnn.ops.picture_parts import Enough
from frcnn.ops.tiles import whole
from frcnn.prediction.batching import in_batches, to_cpu
from frcnn.prediction.choice import Choice, apply, require_names, rules_of
from frcnn.prediction.counting import Counting, uncounted
from frcnn.prediction.inference_copy import inference_copy
from frcnn.prediction.loading import Loaded, Source, is_one_picture, load
from frcnn.prediction.result import Result
from frcnn.prediction.tiles import TileConfig, find_in_tiles
from frcnn.prediction.video.looking import look_at_video
from frcnn.prediction.windows import Windows, open_windows
from frcnn.prediction.words import FrameWords, PictureWords
from frcnn.types import Detections, Proposals, Size, name_of


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
        require_names(self.classes, module.config.classes)
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
        self, source: Source, **words: Unpack[PictureWords]
    ) -> Result: ...

    @overload
    def predict(self, source: Iterable[Source], **words: Unpack[PictureWords]) -> list[Result]: ...

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
        tile: int | TileConfig | None = None,
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
            tile: cut pictures into overlapping tiles of so many pixels a side; a `TileConfig` says
                more. A TIFF of any size is then read part by part.

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
        if not is_one_picture(source):
            return list(self.stream(source, choice, bgr=bgr, tile=tile))  # type: ignore[arg-type]
        if tile is None:
            return self.look([load(source, bgr=bgr, enough=self.enough)], choice)[0]
        with open_windows(source, bgr=bgr) as windows:
            return self.look_in_tiles(windows, tile, choice)

    def stream(
        self,
        sources: Iterable[Source],
        choice: Choice | None = None,
        *,
        bgr: bool = False,
        tile: int | TileConfig | None = None,
    ) -> Iterator[Result]:
        """Find objects in one picture after the other, without keeping them.

        Args:
            sources: any iterable, endless ones too; each item as `predict` takes it.
            choice: which detections to report.
            bgr: as `predict`.
            tile: as `predict`.

        Yields:
            A result for each picture, in order. Errors as `predict`.
        """
        numbered = ((s, f"predict: picture {i}") for i, s in enumerate(sources))
        if tile is not None:
            for source, place in numbered:
                with open_windows(source, bgr=bgr, place=place) as windows:
                    yield self.look_in_tiles(windows, tile, choice)
        while window := list(itertools.islice(numbered, self.batch)):
            loaded = [load(s, bgr=bgr, place=at, enough=self.enough) for s, at in window]
            yield from self.look(loaded, choice)

    def frames(
        self, video: str | os.PathLike[str] | int, **words: Unpack[FrameWords]
    ) -> Iterator[Result]:
        """Find objects in each frame of a video, a camera or a stream, without keeping them.

        Args:
            video: a file, an address, or the number of a camera.
            **words: as `predict`, and `vid_stride`, `max_frames`, as `look_at_video` has them.

        Returns:
            The results, one by one, each with its `frame` and `time`. Errors as `predict`, and
            PictureError for a video (RC118 ... RC122), after its last good frame.
        """
        return look_at_video(self, video, **words)

    def look_in_tiles(
        self,
        windows: Windows,
        tile: int | TileConfig,
        choice: Choice | None = None,
        counting: Counting = uncounted,
    ) -> Result:
        """Find objects in one picture of any size, tile by tile.

        Args:
            windows: the picture, as `windows.open_windows` gives it.
            tile: pixels of a tile's side, or all about the tiles.
            choice: which detections to report.
            counting: shows how many tiles are done.

        Returns:
            The result. Errors as `tiles.find_in_tiles`.
        """
        config = TileConfig(side=tile) if isinstance(tile, int) else tile
        return Result(
            detections=find_in_tiles(self, windows, choice or Choice(), config, counting),
            classes=self.classes,
            size=windows.size,
            path=windows.path,
            notes=windows.notes,
            pixels=windows.read(whole(windows.size)) if windows.path is None else None,
        )

    @property
    def enough(self) -> Enough:
        """How much of a picture file has to be decoded, as `pictures.decode` asks."""
        return enough(self.module.config.pictures)

    def looked_at(self, size: Size) -> Size:
        """Tell how large the network sees a picture.

        Args:
            size: of the picture.

        Returns:
            The size after resizing.
        """
        return resized(size, self.module.config.pictures)

    def look(self, pictures: Sequence[Loaded], choice: Choice | None = None) -> list[Result]:
        """Find objects in pictures that are read already.

        Args:
            pictures: as `loading.load` gives them.
            choice: which detections to report.

        Returns:
            A result for each. Errors as `detect`.
        """
        found = self.detect([p.picture for p in pictures], choice, [p.size for p in pictures])
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

    def detect(
        self,
        pictures: Sequence[Tensor],
        choice: Choice | None = None,
        sizes: Sequence[Size] | None = None,
    ) -> list[Detections]:
        """Find objects, and give the plain values alone.

        Args:
            pictures: each [3, H, W] uint8, RGB.
            choice: which detections to report.
            sizes: of the whole pictures, where some were decoded in part; None: they are whole.

        Returns:
            For each picture its detections, on the CPU: boxes in pixels of the whole picture,
            inside it and with an area, highest score first.

        Errors are ShapeError for a picture of another form, ConfigError RC387 for a class that is
        not the model's, and ModelFileError when the network's numbers are not finite.
        """
        config = self.module.config
        rules = rules_of(choice or Choice(), config.postprocess, self.classes)
        compute = partial(self._network.predict, report=rules.postprocess)
        found = in_batches(pictures, config.pictures, self.batch, compute, sizes)
        return [apply(detections, rules) for detections in found]

    def propose(
        self,
        pictures: Sequence[Tensor],
        config: ProposalConfig | None = None,
        sizes: Sequence[Size] | None = None,
    ) -> list[Proposals]:
        """Run the first stage alone: boxes that may hold an object of any class.

        Args:
            pictures: each [3, H, W] uint8, RGB.
            config: how many; None takes the model's own settings for testing.
            sizes: of the whole pictures, where some were decoded in part; None: they are whole.

        Returns:
            For each picture its proposals, on the CPU: boxes in pixels of the whole picture,
            inside it, highest objectness first.

        Errors are ShapeError for a picture of another form, and ModelFileError when the network's
        numbers are not finite.
        """
        own = self.module.config
        compute = partial(self._network.find_proposals, config=config or own.proposals_test)
        found = in_batches(pictures, own.pictures, self.batch, compute, sizes)
        return [to_cpu(proposals) for proposals in found]
