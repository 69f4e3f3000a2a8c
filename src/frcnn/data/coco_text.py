"""A COCO file's text into plain values: quickly, and in little memory.

Nine tenths of such a file are polygons. They are taken out before parsing, piece by piece as the
file is read, so that neither their text nor their numbers are ever held as a whole; what is inside
them is not looked at beyond that it is numbers. msgspec then makes values of what is wanted and
passes over the rest. A file that it refuses, or that may have a key twice in one object, which it
would not notice, is parsed again by Python's own `json`, slowly, to say what is wrong and where.
"""

import codecs
import json
import re
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from frcnn.data.json_text import read_json, unreadable
from frcnn.errors import AnnotationError, PictureError
from frcnn.ops.picture_header import open_regular, place_of

_BLOCK = 8 * 1024 * 1024
_KEY = b'"segmentation"'
# Nowhere but at a key: within a text, its quotation marks would have backslashes before them.
# `*+` never goes back, so a polygon that turns out to be something else costs its length, no more.
_POLYGONS = re.compile(
    rb'"segmentation"\s*+:\s*+\[\s*+(?:\[[-+.0-9eE,\s]*+\]\s*+,?+\s*+)++\]', re.DOTALL
)
_INSTEAD = b'"segmentation":0'
_RUNS = re.compile(rb'"segmentation"\s*+:\s*+\{')
"""A mask as run lengths."""


class Picture(msgspec.Struct, gc=False):
    """An entry of `images`, unchecked; None where it says nothing."""

    id: Any = None
    file_name: Any = None
    height: Any = None
    width: Any = None


class Box(msgspec.Struct, gc=False):
    """An entry of `annotations`, unchecked; None where it says nothing."""

    image_id: Any = None
    category_id: Any = None
    bbox: Any = None
    id: Any = None
    iscrowd: Any = None
    ignore: Any = None
    """Means the same for what is learnt and judged."""
    area: Any = None


class COCOText(msgspec.Struct):
    """A file's three lists; entries of another kind than an object stay what they are."""

    images: list[Any]
    annotations: list[Any]
    categories: list[Any]
    licenses: Any = None
    outlines: int = 0
    """How many annotations had an outline or a mask beside their box."""


class _Quick(COCOText):
    images: list[Picture]
    annotations: list[Box]


_DECODER = msgspec.json.Decoder(_Quick)


def read_coco_text(path: Path) -> COCOText:
    """Parse a file.

    Args:
        path: of a JSON file.

    Returns:
        What it says.

    Raises:
        AnnotationError: it cannot be read, or is no JSON (RC271), or no COCO file (RC272).
    """
    try:
        with open_regular(path) as file:
            pieces, polygons = _without_polygons(file)
    except PictureError as error:
        raise unreadable(path, error.got) from error
    data = b"".join(pieces).removeprefix(codecs.BOM_UTF8)
    pieces.clear()
    try:
        found: COCOText = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = _slowly(path)
    else:
        if _may_have_keys_twice(data, found):
            found = _slowly(path)
    found.outlines = polygons + len(_RUNS.findall(data))
    return found


def read_raw(path: Path) -> dict[str, msgspec.Raw]:
    """Take a file apart at its top, without its polygons, for what `read_coco_text` passes over.

    Args:
        path: of a file that can be read.

    Returns:
        The text of each value by its key.
    """
    with open_regular(path) as file:
        data = b"".join(_without_polygons(file)[0]).removeprefix(codecs.BOM_UTF8)
    try:
        return msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):  # Python's own parser takes more
        values = read_json(path)
        plain = values if isinstance(values, dict) else {}
        return {key: msgspec.Raw(json.dumps(value).encode()) for key, value in plain.items()}


def _without_polygons(file: BinaryIO) -> tuple[list[bytes], int]:
    """Read a file block by block; a block ends before a polygon that is not whole yet."""
    pieces: list[bytes] = []
    polygons = 0
    rest = b""
    while block := file.read(_BLOCK):
        block = rest + block
        cut = block.rfind(_KEY)
        last = _POLYGONS.match(block, cut) or _RUNS.match(block, cut) if cut >= 0 else None
        if last or cut < 0:  # what comes behind it is waited for no longer
            cut = max(last.end() if last else 0, len(block) - len(_KEY))
        piece, count = _POLYGONS.subn(_INSTEAD, block[:cut])
        pieces.append(piece)
        polygons += count
        rest = block[cut:]
    piece, count = _POLYGONS.subn(_INSTEAD, rest)
    return [*pieces, piece], polygons + count


def _may_have_keys_twice(data: bytes, found: COCOText) -> bool:
    """Count keys in the text: more of one than there are entries is one too many somewhere."""
    boxes, pictures = len(found.annotations), len(found.images)
    others = len(found.categories) + (len(found.licenses) if found.licenses else 0)
    most = {
        b'"images"': 1,
        b'"annotations"': 1,
        b'"categories"': 1,
        b'"file_name"': pictures,
        b'"bbox"': boxes,
        b'"image_id"': boxes,
        b'"category_id"': boxes,
        b'"iscrowd"': boxes,
        b'"ignore"': boxes,
        b'"area"': boxes,
        b'"id"': boxes + pictures + others,
    }
    return any(data.count(key) > count for key, count in most.items())


def _slowly(path: Path) -> COCOText:
    """Parse with Python's own parser, for the place of what is wrong.

    Raises:
        AnnotationError: it is no JSON (RC271), or no COCO file (RC272).
    """
    values = read_json(path)
    if not isinstance(values, dict):
        raise _not_coco(path, "", f"a {type(values).__name__} at its top")
    for key in ("images", "annotations", "categories"):
        found = values.get(key)
        if not isinstance(found, list):
            got = "nothing" if found is None else f"a {type(found).__name__}"
            raise _not_coco(path, f"#/{key}", got)
    return COCOText(
        images=[_entry(each, Picture) for each in values["images"]],
        annotations=[_entry(each, Box) for each in values["annotations"]],
        categories=values["categories"],
    )


def _entry(values: object, kind: type[Picture] | type[Box]) -> object:
    if not isinstance(values, dict):
        return values
    return kind(**{name: values[name] for name in kind.__struct_fields__ if name in values})


def _not_coco(path: Path, where: str, got: str) -> AnnotationError:
    return AnnotationError(
        "RC272",
        f"{place_of(path)}{where}",
        "this JSON is no COCO file",
        got=got,
        want='an object with "images", "annotations" and "categories", each a list',
        fix="name the file of the true boxes, or export the annotations again",
    )
