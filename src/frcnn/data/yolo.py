"""YOLO layout: folders of pictures and text files, read but for the pixels.

Steps: find the files (`yolo_layout`), read each picture's header and then its label file
(`yolo_labels`), because the shares in it become pixels only by the picture's size. A picture
without label file has no objects; each is reported.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from frcnn.data.checksums import read_checksums
from frcnn.data.claims import Claim, read_claims
from frcnn.data.looking import Looking, opened
from frcnn.data.picture_paths import Names, home_of, require_inside
from frcnn.data.problems import Problem
from frcnn.data.seen import Folder, Places, no_annotation
from frcnn.data.yolo_labels import LabelReader
from frcnn.data.yolo_layout import Pair, find_yolo
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import place_of


def read_folder(root: Path, look: Looking = opened) -> Folder:
    """Read all label files and headers.

    AnnotationError RC233, RC277 or RC280 when the folder cannot be used.

    Args:
        root: of the data set, or its YAML file.
        look: tells the size of a picture.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    layout = find_yolo(root)
    folder = Folder()
    if layout is None:
        return folder
    home = home_of(root)
    folder.problems.extend(layout.problems)
    folder.pictures += sum(p.effect == "picture skipped" for p in layout.problems)
    reader = LabelReader(layout.classes, layout.key_points)
    bare: dict[Path, None] = {}
    claims = {
        split: list(_claims(pairs, home, reader, bare, folder))
        for split, pairs in layout.splits.items()
    }
    read_claims(claims, read_checksums(home), folder, look)
    folder.problems.extend(no_annotation(path) for path in bare)
    folder.declared = dict.fromkeys(claims, layout.classes)
    folder.outlines = reader.outlines
    return folder


def _claims(
    pairs: tuple[Pair, ...], home: Path, reader: LabelReader, bare: dict[Path, None], folder: Folder
) -> Iterator[Claim]:
    names = Names()
    for pair in pairs:
        try:
            require_inside(pair.picture, home)
            if pair.label is not None:
                require_inside(pair.label, home)
        except AnnotationError as error:
            folder.problems.append(Problem.of(error, effect="picture skipped").on(pair.picture))
            folder.pictures += 1
            continue
        if pair.label is None:
            bare[pair.picture] = None
        yield Claim(
            name=names.of(pair.picture),
            path=pair.picture,
            places=Places(f"{place_of(pair.label or pair.picture)}:"),
            rows=partial(reader.rows, pair.label),
        )
