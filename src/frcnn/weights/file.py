"""Our weights files: safetensors with class names, settings and a SHA-256 over every byte.

The container's metadata has one entry, `frcnn`, a JSON text:

format_version   how to read the rest; files from newer versions are refused by name
made_by          the version that wrote it
classes          names of the classes 0 ... C-1, in this order
config           the model's settings
extra            whatever the writer adds (step, figures, ...)
sha256           of the whole file with these 64 digits written as zeros

So one flipped bit, a class list in another order or a changed setting is found when the file is
read. Nothing in such a file is ever executed.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from frcnn._version import __version__
from frcnn.errors import ModelFileError
from frcnn.files import write_atomically
from frcnn.weights import container

FORMAT_VERSION = 1
_KEY = "frcnn"
_BLANK = "0" * 64
_FIELDS = {"format_version", "made_by", "classes", "config", "extra", "sha256"}


class _JSONError(ValueError):
    """A value has no place in strict JSON."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a weights file says about itself."""

    classes: tuple[str, ...]
    """Names of the classes 0 ... C-1; one at least, none empty, none twice."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The model's settings, as JSON values."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Anything else, as JSON values."""
    format_version: int = FORMAT_VERSION
    made_by: str = f"frcnn {__version__}"
    sha256: str = ""
    """64 hexadecimal digits once the header has been in a file; set by `save`."""

    @property
    def has_head(self) -> bool:
        """Whether the second stage was trained, too; a training of the RPN alone says so."""
        return self.extra.get("judged_by") != "proposals"

    def __post_init__(self) -> None:
        fault = _fault_of_classes(self.classes)
        if fault:
            raise ModelFileError(
                "RC507",
                "classes",
                "these class names cannot be kept",
                got=fault,
                want="one name or more, none empty, none twice, one line each",
                fix="rename the classes in the annotations",
            )


def save(path: Path, tensors: Mapping[str, Tensor], header: Header) -> Header:
    """Write a weights file, whole or not at all.

    Args:
        path: the file; replaced when it is there.
        tensors: by name; any shape, layout and device.
        header: its `sha256`, `made_by` and `format_version` are set here.

    Returns:
        The header as written.

    Raises:
        ModelFileError: the header is too large (RC503) or not JSON (RC509).
        DiskError: the disk is full, read-only, or otherwise in the way; the old file is intact.
    """
    blank = replace(
        header, sha256=_BLANK, made_by=f"frcnn {__version__}", format_version=FORMAT_VERSION
    )
    prefix = container.make_prefix(tensors, {_KEY: _to_text(blank)})
    ordered = [tensor for _, tensor in container.in_order(tensors)]
    written = replace(blank, sha256=_digest(prefix, ordered))
    # the same length: one run of 64 digits takes the place of another
    prefix = container.make_prefix(tensors, {_KEY: _to_text(written)})
    size = len(prefix) + sum(tensor.numel() * tensor.element_size() for tensor in ordered)
    write_atomically(path, lambda stream: container.write(stream, prefix, tensors), size=size)
    return written


def load(path: Path) -> tuple[Header, dict[str, Tensor]]:
    """Read a weights file and prove that it is as it was written.

    Args:
        path: the file.

    Returns:
        Its header, and its tensors by name, on the CPU.

    Raises:
        ModelFileError: not readable (RC501 ... RC504), damaged (RC505), not one of ours (RC506),
            from a newer version (RC508), or with a header that cannot be (RC507, RC509).
    """
    contents = container.read(path)
    header = _from_metadata(path, contents.metadata)
    digits = header.sha256.encode()
    if contents.prefix.count(digits) != 1:
        raise _damaged(path, "a checksum in an odd place", header.sha256)
    blank = contents.prefix.replace(digits, _BLANK.encode())
    found = _digest(blank, contents.tensors.values())
    if found != header.sha256:
        raise _damaged(path, found, header.sha256)
    return header, contents.tensors


def read_header(path: Path) -> Header:
    """Read what a weights file says about itself, without reading or proving its tensors.

    Args:
        path: the file.

    Returns:
        Its header.

    Raises:
        ModelFileError: as `load`, but for what only the tensors show.
    """
    _, names = container.read_prefix(path)
    metadata = names.get("__metadata__", {})
    return _from_metadata(path, metadata if isinstance(metadata, Mapping) else {})


def _digest(prefix: bytes, tensors: Iterable[Tensor]) -> str:
    digest = hashlib.sha256(prefix)
    for tensor in tensors:
        digest.update(container.as_bytes(tensor))
    return digest.hexdigest()


def _to_text(header: Header) -> str:
    values = {name: getattr(header, name) for name in sorted(_FIELDS)}
    try:
        return json.dumps(values, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad_header("header", str(error)) from error


def _plain(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise _JSONError(f"a {type(value).__name__} is not a JSON value")


def _from_metadata(path: Path, metadata: Mapping[str, Any]) -> Header:
    if _KEY not in metadata:
        raise ModelFileError(
            "RC506",
            str(path),
            "not a weights file of frcnn",
            got="a safetensors file without our header",
            want="a file that `frcnn train` wrote",
            fix="for a backbone's weights use --backbone-weights",
        )
    try:
        values = json.loads(metadata[_KEY], parse_constant=_no_constant)
    except (ValueError, TypeError, RecursionError) as error:
        raise _bad_header(path, str(error)) from error
    if not isinstance(values, dict):
        raise _bad_header(path, f"a {type(values).__name__}")
    _require_known_version(path, values)
    fault = _fault_of_values(values)
    if fault:
        raise _bad_header(path, fault)
    try:
        return Header(**{**values, "classes": tuple(values["classes"])})
    except ModelFileError as error:  # say which file
        raise ModelFileError(
            error.code, str(path), error.what, got=error.got, want=error.want, fix=error.fix
        ) from None


def _require_known_version(path: Path, values: Mapping[str, Any]) -> None:
    version = values.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise _bad_header(path, f"format_version {version!r}")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            "RC508",
            str(path),
            "written by a newer version",
            got=f"format {version} by {str(values.get('made_by'))[:40]}",
            want=f"format {FORMAT_VERSION}, which is what frcnn {__version__} reads",
            fix="upgrade: pip install --upgrade frcnn",
        )


def _fault_of_values(values: Mapping[str, Any]) -> str:
    if set(values) != _FIELDS:
        return f"the fields {', '.join(sorted(map(str, values)))}"[:200]
    if not isinstance(values["classes"], list):
        return "classes that are no list"
    if not all(isinstance(values[name], dict) for name in ("config", "extra")):
        return "config or extra that is no mapping"
    if not isinstance(values["made_by"], str):
        return "made_by that is no text"
    if not re.fullmatch("[0-9a-f]{64}", str(values["sha256"])):
        return "no checksum"
    return ""


def _fault_of_classes(classes: Iterable[object]) -> str:
    names = list(classes)
    if not names:
        return "no class"
    for row, name in enumerate(names):
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            return f"{name!r} as class {row}"[:100]
    name, times = Counter(names).most_common(1)[0]
    return f"{name!r} {times} times"[:100] if times > 1 else ""


def _no_constant(name: str) -> float:
    raise _JSONError(f"{name} is not JSON")


def _bad_header(place: Path | str, got: str) -> ModelFileError:
    return ModelFileError(
        "RC509",
        str(place),
        "the header of the weights file is not as it should be",
        got=got[:200],
        want="classes, config, extra and checksum as JSON values, numbers finite",
        fix="use another file of the run, for instance last.safetensors",
    )


def _damaged(path: Path, got: str, want: str) -> ModelFileError:
    return ModelFileError(
        "RC505",
        str(path),
        "damaged: its bytes are not those that were written",
        got=f"SHA-256 {got}",
        want=want,
        fix="copy it again from its source, or use another file of the run",
    )
