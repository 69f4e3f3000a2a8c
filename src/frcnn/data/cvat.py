"""CVAT's exports, "CVAT for images 1.1": one XML file and folders of pictures, but for the pixels.

A project's subsets are the splits. Boxes, and the boxes around polygons, masks and ellipses, are
read; an attribute `difficult` or `iscrowd` is a difficult box. A box is turned about its centre.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeGuard

from frcnn.data.checksums import read_checksums
from frcnn.data.claims import read_claims, unlisted
from frcnn.data.cvat_shapes import DRAWN, is_difficult, other_attributes, shape_of
from frcnn.data.export_claims import Entry, claims_of, ends_of, picture_folders
from frcnn.data.looking import Looking, opened
from frcnn.data.picture_paths import PictureFinder, home_of
from frcnn.data.problems import Problem
from frcnn.data.seen import Declared, Folder, Places, Rows
from frcnn.data.shapes import Shape, Tally, no_box, to_rows
from frcnn.data.split_words import SPLIT_NAMES, in_order
from frcnn.data.xml_tree import Element, Limits, read_xml
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import place_of
from frcnn.types import Size

LIMITS = Limits(size=512 * 1024 * 1024, elements=2_000_000)
"""One file holds all pictures: 100,000 of them with a dozen boxes each."""
_HEAD = 4096
_START = re.compile(rb"<annotations[\s>]")
_SIDE = re.compile(r"[1-9]\d{0,8}")
_NO_SUBSET = ("", "default")
"""How CVAT calls pictures of no subset."""


def is_cvat(path: Path) -> bool:
    """Say whether a file begins like CVAT's.

    Args:
        path: of any file.

    Returns:
        Whether its outermost element is `<annotations>`.
    """
    if path.suffix.lower() != ".xml" or not path.is_file():
        return False
    with path.open("rb") as file:
        return bool(_START.search(file.read(_HEAD)))


def find_cvat(root: Path) -> Path | None:
    """Look for an export.

    Args:
        root: a folder, or the file itself.

    Returns:
        The file; None when there is none.

    Raises:
        AnnotationError: there are two (RC233).
    """
    files = [root] if root.is_file() else sorted(root.glob("*.xml"))
    found = [path for path in files if is_cvat(path) and not path.name.startswith(".")]
    if len(found) > 1:
        raise AnnotationError(
            "RC233",
            place_of(found[1]),
            "two of them mean the same pictures",
            got=f"{found[0].name} and {found[1].name}",
            want="one export",
            fix="name the file that counts, or put each into a folder of its own",
        )
    return found[0] if found else None


def read_folder(root: Path, look: Looking = opened) -> Folder:
    """Read the export and headers.

    AnnotationError RC203 ... RC206 when the file cannot be used.

    Args:
        root: of the data set, or its file.
        look: tells the size of a picture.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    folder = Folder()
    path = find_cvat(root)
    if path is None:
        return folder
    home = home_of(root)
    top = _require_images(read_xml(path, LIMITS), path)
    splits = _splits(top)
    tally = Tally()
    finders = {
        split: PictureFinder(_folders(path, home, split, images), home)
        for split, images in splits.items()
    }
    claims = {
        split: list(claims_of(_entries(images, path, tally), finders[split], folder))
        for split, images in splits.items()
    }
    read_claims(claims, read_checksums(home), folder, look)
    if names := _class_names(top):
        known = Declared(names, tuple(range(len(names))), f"{place_of(path)}: <labels>")
        folder.declared = dict.fromkeys(claims, known)
    folder.problems.extend(tally.problems(path))
    folder.outlines = tally.outlines
    folder.problems.extend(unlisted(finders.values(), claims))
    return folder


def _require_images(top: Element, path: Path) -> Element:
    tags = {child.tag for child in top.children}
    if top.tag == "annotations" and "track" not in tags:
        return top
    raise AnnotationError(
        "RC206",
        f"{place_of(path)}:{top.line}",
        "this XML is no export of CVAT for images",
        got="CVAT for video" if "track" in tags else f"<{top.tag[:50]}>",
        want="<annotations> with an <image> for each picture",
        fix='export the task again in the format "CVAT for images 1.1"',
    )


def _splits(top: Element) -> dict[str, list[Element]]:
    """Sort the pictures by subset; where none has one, all are "train"."""
    splits: dict[str, list[Element]] = {}
    for image in (child for child in top.children if child.tag == "image"):
        word = image.attributes.get("subset", "").strip().lower()
        splits.setdefault("" if word in _NO_SUBSET else SPLIT_NAMES.get(word, word), []).append(
            image
        )
    rest = splits.pop("", None)
    if rest:
        splits["default" if splits else "train"] = rest
    return in_order(splits)


def _folders(path: Path, home: Path, split: str, images: list[Element]) -> list[Path]:
    """List where a split's pictures may be; CVAT writes the subset as a folder, as it is spelt."""
    words = dict.fromkeys(image.attributes.get("subset", "") for image in images)
    subsets = [path.parent / "images" / word for word in words if "/" not in word]
    return [*subsets, *picture_folders(path.parent, home, split)]


def _entries(images: list[Element], path: Path, tally: Tally) -> Iterator[Entry]:
    places = Places(f"{place_of(path)}:")
    for image in images:
        name = image.attributes.get("name", "")
        yield Entry(
            names=ends_of(name) or ("",),
            place=places.of(image.line),
            places=places,
            rows=partial(_rows, image, places, tally),
            stated=_size(image.attributes),
        )


def _size(attributes: Mapping[str, str]) -> Size | None:
    sides = [attributes.get(word, "") for word in ("height", "width")]
    return Size(*map(int, sides)) if all(map(_SIDE.fullmatch, sides)) else None


def _rows(
    image: Element, places: Places, tally: Tally, size: Size, problems: list[Problem]
) -> Rows:
    shapes: list[Shape] = []
    for element in image.children:
        if element.tag not in DRAWN:
            tally.others[f"element <{element.tag}>"] += 1
            continue
        tally.others.update(other_attributes(element))
        shape = shape_of(element)
        if _is_box(shape):
            shapes.append(shape._replace(difficult=is_difficult(element)))
        else:
            problems.append(no_box(places.of(element.line), element.tag))
    return to_rows(shapes, places, tally, problems)


def _is_box(shape: Shape | None) -> TypeGuard[Shape]:
    return shape is not None


def _class_names(top: Element) -> tuple[str, ...]:
    """List the project's labels in its own order, parts of skeletons left out."""
    meta = top.child("meta")
    holders = meta.children if meta else []
    lists = [found for holder in holders if (found := holder.child("labels")) is not None]
    labels = [label for each in lists[:1] for label in each.children if label.tag == "label"]
    names = [label.text_of("name") for label in labels if not label.text_of("parent")]
    return tuple(dict.fromkeys(filter(None, names)))
