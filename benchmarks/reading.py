"""From a JPEG file to the tensor that a network sees: ours beside torchvision's detection path.

    python benchmarks/reading.py --pictures FOLDER

Puts photographs of the folder side by side into pictures of 1920 x 1080 and 4000 x 3000 pixels,
each at its own scale, so that there is as much detail as JPEG files have; then reads these, on one
thread:

- torchvision: Pillow decodes, `to_image` and `to_dtype`, then normalising and resizing as its
  FasterRCNN has them (GeneralizedRCNNTransform; shorter side 600, at most 1000);
- frcnn: `ops.pictures.decode`, `to_tensor`, `model.batch.prepare` with the settings of its presets
  for data of one's own (and the same sides).

The two take turns. Prints pictures a second, and how far ours is from a full decode and an
antialiased bilinear resize in floating numbers: mean of the absolute differences, of 255.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.transforms.v2 import functional

from frcnn import presets
from frcnn.model.batch import PictureConfig, enough, prepare
from frcnn.ops import pictures
from frcnn.types import Size

SIZES = (Size(height=1080, width=1920), Size(height=3000, width=4000))
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
OURS = replace(presets.mobilenet_v2().model.pictures, shorter_side=600, longer_side=1000)


def mosaic(photographs: list[Path], size: Size, first: int) -> Image.Image:
    """Put photographs side by side, row under row, each at its own scale.

    Args:
        photographs: where they are.
        size: of the whole.
        first: number of the first one.

    Returns:
        The picture.
    """
    whole, number, top = Image.new("RGB", (size.width, size.height)), first, 0
    while top < size.height:
        left, heights = 0, []
        while left < size.width:
            with Image.open(photographs[number % len(photographs)]) as photograph:
                whole.paste(photograph.convert("RGB"), (left, top))
                left, number = left + photograph.width, number + 1
                heights.append(photograph.height)
        top += min(heights)
    return whole


def with_frcnn(path: Path, config: PictureConfig = OURS) -> Tensor:
    """Read a picture as frcnn does.

    Args:
        path: of the file.
        config: how it is resized.

    Returns:
        [3, h, w] float32, normalised.
    """
    decoded = pictures.decode(path, enough=enough(config))
    return prepare(pictures.to_tensor(decoded.pixels), config, decoded.size).pixels


def with_torchvision(path: Path) -> Tensor:
    """Read a picture as torchvision's training and its FasterRCNN do.

    Args:
        path: of the file.

    Returns:
        [3, h, w] float32, normalised.
    """
    with Image.open(path) as file:
        image = functional.to_image(file.convert("RGB"))
    values = functional.to_dtype(image, torch.float32, scale=True)
    transform = GeneralizedRCNNTransform(600, 1000, MEAN, STD)
    return transform.resize(transform.normalize(values))[0]


def difference(path: Path) -> float:
    """Compare ours with a full decode and an antialiased resize.

    Args:
        path: of the file.

    Returns:
        Mean absolute difference of the values 0 ... 255.
    """
    ours = with_frcnn(path) * torch.tensor(STD)[:, None, None]
    with Image.open(path) as file:
        picture = pictures.to_tensor(np.asarray(file.convert("RGB")))
    size = Size(ours.shape[1], ours.shape[2])
    wanted = pictures.resize(picture, size, antialias=True) / 255
    values = ours + torch.tensor(MEAN)[:, None, None]
    return float((values - wanted).abs().mean()) * 255


def per_second(read: Callable[[Path], Tensor], paths: list[Path]) -> float:
    """Measure how many pictures a second are read.

    Args:
        read: of one picture.
        paths: each is read once.

    Returns:
        Pictures a second.
    """
    began = time.perf_counter()
    for path in paths:
        read(path)
    return len(paths) / (time.perf_counter() - began)


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", required=True, type=Path)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    photographs = sorted(asked.pictures.rglob("*.jpg"))
    print("| pictures | torchvision, a second | frcnn, a second | ratio | mean difference of 255 |")
    print("|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            paths = [Path(folder) / f"{size.width}-{n}.jpg" for n in range(asked.count)]
            for number, path in enumerate(paths):
                mosaic(photographs, size, 31 * number).save(path, quality=90)
            rows = [
                (per_second(with_torchvision, paths), per_second(with_frcnn, paths))
                for _ in range(asked.rounds + 1)
            ][1:]
            theirs, ours = (statistics.median(each) for each in zip(*rows, strict=True))
            ratio = statistics.median(own / other for other, own in rows)
            apart = max(map(difference, paths))
            print(
                f"| {size.width} x {size.height} | {theirs:.1f} | {ours:.1f} | {ratio:.2f} "
                f"| {apart:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
