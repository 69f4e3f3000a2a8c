"""Which layout a data set has: found by looking, or named where two fit."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from frcnn.data import coco, csv_layout, cvat, label_studio, labelme, voc, yolo
from frcnn.data.coco import find_coco
from frcnn.data.csv_layout import find_csv
from frcnn.data.cvat import find_cvat, is_cvat
from frcnn.data.label_studio import find_label_studio
from frcnn.data.labelme import find_labelme
from frcnn.data.looking import Looking, opened
from frcnn.data.seen import Folder
from frcnn.data.voc_layout import find_layout
from frcnn.data.yolo_layout import is_yolo
from frcnn.errors import AnnotationError, ConfigError
from frcnn.ops.picture_header import place_of

_READERS: dict[str, Callable[[Path, Looking], Folder]] = {
    "voc": voc.read_folder,
    "coco": coco.read_folder,
    "yolo": yolo.read_folder,
    "csv": csv_layout.read_folder,
    "label-studio": label_studio.read_folder,
    "cvat": cvat.read_folder,
    "labelme": labelme.read_folder,
}
LAYOUTS = tuple(_READERS)
"""Their names, as options and errors have them."""
WRITTEN = ("voc", "coco", "yolo", "csv")
"""Those that are written, too; the others are what labelling tools export."""
_FORMS = {
    "voc": "JPEGImages and Annotations, or pictures and .xml files side by side",
    "coco": "a JSON file with images, annotations and categories, beside its pictures",
    "yolo": "data.yaml, or labels beside images with a classes.txt",
    "csv": "a table with filename, class, xmin, ymin, xmax, ymax",
    "label-studio": "a JSON file with a list of tasks",
    "cvat": "the XML file of an export for images",
    "labelme": "a JSON file with shapes for each picture",
}
_KINDS = {".json": "coco", ".yaml": "yolo", ".yml": "yolo", ".csv": "csv", ".xml": "cvat"}


def read_any(root: Path, named: str = "", look: Looking = opened) -> tuple[str, Folder]:
    """Read a data set but for its pixels, in whatever layout it has.

    Args:
        root: its folder; or its annotation file, where there is one for all or only this is wanted.
        named: one of `LAYOUTS`; empty: found by looking.
        look: tells the size of a picture.

    Returns:
        The layout, and the pictures with their boxes, classes still by name.

    Raises:
        ConfigError: no layout has that name (RC323).
        AnnotationError: the folder has none (RC201), or several (RC270), or its files cannot be
            used.
    """
    if named and named not in LAYOUTS:
        raise ConfigError(
            "RC323",
            "layout",
            "no layout of that name",
            got=repr(named),
            want=", ".join(LAYOUTS),
            fix="name one of them, or leave it out",
        )
    layout = named or (_of_file(root) if root.is_file() else "")
    layout = layout if layout and root.exists() else _the_layout(root)
    folder = _READERS[layout](root, look)
    if not folder.splits:
        raise _none(root, layout)
    return layout, folder


def fitting(root: Path) -> tuple[str, ...]:
    """List the layouts that a folder has.

    Args:
        root: of a data set.

    Returns:
        Their names: one as a rule.
    """
    fits: dict[str, Callable[[Path], bool]] = {
        "voc": _is_voc,
        "coco": partial(_finds, find_coco),
        "yolo": is_yolo,
        "csv": partial(_finds, find_csv),
        "label-studio": partial(_finds, find_label_studio),
        "cvat": partial(_finds, find_cvat),
        "labelme": partial(_finds, find_labelme),
    }
    return tuple(name for name, asks in fits.items() if asks(root))


def _of_file(path: Path) -> str:
    """Say which layout an annotation file has, by its ending and, for JSON, by its beginning."""
    finds = {"label-studio": find_label_studio, "labelme": find_labelme}
    found = [name for name, find in finds.items() if find(path)]
    return found[0] if found else _KINDS.get(path.suffix.lower(), "")


def _the_layout(root: Path) -> str:
    if not root.is_dir():
        find_layout(root)  # says that there is no such folder
    found = fitting(root)
    if len(found) == 1:
        return found[0]
    if found:
        raise AnnotationError(
            "RC270",
            place_of(root),
            "more than one layout is in the folder",
            got=" and ".join(found),
            want="one, or the name of the one that counts",
            fix=f"name it: --layout {found[0]} or --layout {found[1]}, in Python layout="
            f'"{found[0]}"; or take the files of the other out',
        )
    try:
        find_layout(root)
    except AnnotationError as error:
        raise _none(root, "", error.fix) from error
    raise _none(root, "")


def _is_voc(root: Path) -> bool:
    try:
        layout = find_layout(root)
    except AnnotationError as error:
        return error.code != "RC201"
    entries = (entry for split in layout.splits.values() for entry in split)
    # the one XML file of an export of CVAT's is found there, too
    return any(each.annotation and not is_cvat(each.annotation) for each in entries)


def _finds(find: Callable[[Path], object], root: Path) -> bool:
    try:
        return bool(find(root))
    except AnnotationError:  # two files of one split: said when it is read
        return True


def _none(root: Path, layout: str, fix: str = "") -> AnnotationError:
    wants = [_FORMS[layout]] if layout else list(_FORMS.values())
    return AnnotationError(
        "RC201",
        place_of(root),
        f"no data set in {layout or 'a known'} layout is in the folder",
        want="; or ".join(wants),
        fix=fix or "see the page on data, docs/data.md, for the forms that are read",
    )
