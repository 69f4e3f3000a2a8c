"""Published ImageNet weights: torchvision's addresses, our checksums.

The address comes from the installed torchvision's own list, the file goes into the cache that
torchvision uses, and its bytes must have the full SHA-256 below (file names carry the first eight
digits only). The sums are those that public projects which pin these files agree on.
`VGG16_Weights.IMAGENET1K_FEATURES` (the Caffe weights) is left out: no full sum of it was found
in public.

Nothing is downloaded without a line that says so, and nothing at all under `FRCNN_OFFLINE=1`.
"""

import functools
import hashlib
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import torch
from torchvision import models

from frcnn import files, machine
from frcnn.errors import ModelFileError
from frcnn.model.batch import Normalisation
from frcnn.settings import nearest
from frcnn.weights.backbone import Architecture, BackboneWeights, read_backbone

UNAVAILABLE = "RC540"
"""Code of the error that means: not to be had here and now; training from scratch is the way."""

_ENDINGS = (".safetensors", ".pth", ".pt", ".bin")
"""Of files with weights; a name such as my_weights.pth has the form of a published one."""
_TIMEOUT_SECONDS = 30.0
_CHUNK = 1024 * 1024
_SIZE_CAP = 1024 * _CHUNK  # the largest of the files below has 528 MiB


@dataclass(frozen=True, kw_only=True)
class Published:
    """A file of weights that torchvision's makers publish."""

    architecture: Architecture
    """The network it is for."""
    sha256: str
    """Of the whole file, 64 hexadecimal digits."""


PUBLISHED: dict[str, Published] = {
    "VGG16_Weights.IMAGENET1K_V1": Published(
        architecture="vgg16",
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    ),
    "MobileNet_V2_Weights.IMAGENET1K_V1": Published(
        architecture="mobilenet_v2",
        sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    ),
    "MobileNet_V2_Weights.IMAGENET1K_V2": Published(
        architecture="mobilenet_v2",
        sha256="7ebf99e03e254b273379b23edca7ec0da9f48273b23a332b93c1c99d49e86e8f",
    ),
    "ResNet18_Weights.IMAGENET1K_V1": Published(
        architecture="resnet18",
        sha256="f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
    ),
}
"""By torchvision's own names."""

DEFAULTS: dict[Architecture, str] = {
    "vgg16": "VGG16_Weights.IMAGENET1K_V1",
    "mobilenet_v2": "MobileNet_V2_Weights.IMAGENET1K_V2",
    "resnet18": "ResNet18_Weights.IMAGENET1K_V1",
}
"""What a network starts from where nothing else is named; of ZF torchvision has nothing."""

Say = Callable[[str], object]
Progress = Callable[[int, int], object]


def is_published_name(named: str) -> bool:
    """Tell the name of published weights, even one that there is not, from the path of a file.

    Args:
        named: what a person wrote.

    Returns:
        Whether it has the form `Network_Weights.NAME`, and is no file.
    """
    path = Path(named)
    is_enum = re.fullmatch(r"\w+_weights\.\w+", named, re.IGNORECASE) is not None
    return is_enum and path.suffix.lower() not in _ENDINGS and not path.exists()


def read_published(name: str, *, say: Say, progress: Progress | None = None) -> BackboneWeights:
    """Read published weights, from the cache or by a download.

    Args:
        name: one of `PUBLISHED`.
        say: gets one line before a download begins.
        progress: gets the bytes that have come and those that will (0 where unknown), often.

    Returns:
        The weights; their preprocessing is what torchvision's own transform does.

    Raises:
        ModelFileError: no such name (RC542), not to be had without a network (RC540), or not the
            bytes that were published (RC541).
        DiskError: the cache cannot be written to.
    """
    if name not in PUBLISHED:
        by_letters = {known.casefold(): known for known in PUBLISHED}
        near = by_letters.get(nearest(name.casefold(), by_letters) or "")
        raise ModelFileError(
            "RC542",
            name,
            "no published weights of this name",
            got=name,
            want=", ".join(PUBLISHED),
            fix=f"did you mean {near}?" if near else "take one of these, or name a file",
        )
    entry, weights = PUBLISHED[name], models.get_weight(name)
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    path = fetch(weights.url, entry.sha256, folder, say=say, progress=progress)
    transform = weights.transforms()
    preprocessing = Normalisation(
        order="rgb", scale=1 / 255, mean=tuple(transform.mean), std=tuple(transform.std)
    )
    read = read_backbone(path, entry.architecture)
    return replace(read, preprocessing=preprocessing, origin=f"torchvision {name}, {read.origin}")


def fetch(
    url: str, sha256: str, folder: Path, *, say: Say, progress: Progress | None = None
) -> Path:
    """Have a file in the cache, with the bytes that it must have.

    Args:
        url: https, or http on this machine; the last part of its path names the file.
        sha256: of the file, 64 hexadecimal digits.
        folder: the cache, made when it is needed.
        say: gets one line before a download begins.
        progress: as in `read_published`.

    Returns:
        The file.

    Raises:
        ModelFileError: offline or no network (RC540), or other bytes than `sha256` (RC541); a
            download that is not right leaves no file.
        DiskError: the cache cannot be written to.
    """
    path = folder / Path(urllib.parse.urlsplit(url).path).name
    if path.is_file():
        _require_sum(files.sha256_of_file(path), sha256, str(path))
        return path
    if machine.is_offline():
        raise _unavailable(url, "FRCNN_OFFLINE is set, and the file is not in the cache")
    _require_safe(url)
    say(f"downloading {url} to {path}")
    with _open(url) as response:
        size = _announced(response, url)
        files.require_writable(folder, size)
        copy = functools.partial(_copy, response, size, sha256, progress)
        files.write_atomically(path, functools.partial(copy, url), size=size)
    return path


def _open(url: str) -> http.client.HTTPResponse:
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(  # noqa: S310  # see _require_safe
            url, timeout=_TIMEOUT_SECONDS
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is an answer, too, with a connection of its own
        raise _unavailable(url, str(error) or type(error).__name__) from error
    return response


def _announced(response: http.client.HTTPResponse, url: str) -> int:
    """Read how many bytes will come; 0 where the server does not say."""
    said = response.headers.get("Content-Length") or "0"
    if not said.isdecimal() or int(said) > _SIZE_CAP:
        raise _unavailable(url, f"an answer of {said[:40]} bytes")
    return int(said)


def _copy(
    response: http.client.HTTPResponse,
    size: int,
    sha256: str,
    progress: Progress | None,
    url: str,
    stream: BinaryIO,
) -> None:
    digest, done = hashlib.sha256(), 0
    for chunk in _chunks(response, url):
        digest.update(chunk)
        stream.write(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, size)
        if done > _SIZE_CAP:
            raise _unavailable(url, f"more than {_SIZE_CAP} bytes")
    if done < size:
        raise _unavailable(url, f"the connection ended after {done} of {size} bytes")
    _require_sum(digest.hexdigest(), sha256, url)


def _chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    """Read on; a broken connection is not a fault of the disk, though both are OSErrors.

    Yields:
        Bytes, at most `_CHUNK` at a time.
    """
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _unavailable(url, str(error) or type(error).__name__) from error
        if not chunk:
            return
        yield chunk


def _require_safe(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "127.0.0.1"):
        raise _unavailable(url, "not an https address")


def _require_sum(found: str, wanted: str, place: str) -> None:
    if found != wanted:
        raise ModelFileError(
            "RC541",
            place,
            "not the weights that were published",
            got=f"SHA-256 {found}",
            want=wanted,
            fix="delete the file if it is in the cache, and download it again",
        )


def _unavailable(url: str, got: str) -> ModelFileError:
    return ModelFileError(
        UNAVAILABLE,
        url,
        "the published weights cannot be had",
        got=got,
        want="a network, or the file in the cache",
        fix="fetch the file elsewhere and name it with --backbone-weights, or train from scratch",
    )
