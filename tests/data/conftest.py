"""A data set in VOC layout, made picture by picture."""

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from frcnn.data.records import Record, Split, Stamp
from frcnn.types import Size, Target

Box = tuple[str, object, object, object, object]
"""Class, then VOC's xmin, ymin, xmax, ymax, as they shall stand in the file."""

SIZE = "<size><width>60</width><height>40</height></size>"
CAT: Box = ("cat", 11, 6, 30, 20)
DOG: Box = ("dog", 21, 11, 40, 35)


def png(width: int, height: int, grey: int) -> bytes:
    """A grey picture of one value; equal sizes give equal lengths."""

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + bytes([grey]) * width) * height
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@dataclass
class Maker:
    """Writes the files of a data set; pictures are 60 wide and 40 high, no two alike."""

    root: Path
    pictures: str = "JPEGImages"
    annotations: str = "Annotations"
    count: int = 0

    def picture(self, name: str, *, data: bytes | None = None, suffix: str = ".png") -> Path:
        self.count += 1
        path = self.root / self.pictures / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(60, 40, self.count % 256) if data is None else data)
        return path

    def xml(
        self,
        name: str,
        boxes: Iterable[Box],
        *,
        size: str = SIZE,
    ) -> Path:
        rows = [f"<annotation>\n<filename>{name}.png</filename>\n<path>{name}.png</path>\n{size}\n"]
        for label, *edges in boxes:
            words = zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True)
            corners = "".join(f"<{w}>{edge}</{w}>" for w, edge in words)
            rows.append(
                f"<object><name>{label}</name><difficult>0</difficult>\n"
                f"<bndbox>{corners}</bndbox></object>\n"
            )
        return self.raw(name, "".join([*rows, "</annotation>\n"]).encode())

    def raw(self, name: str, data: bytes) -> Path:
        path = self.root / self.annotations / f"{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def add(self, name: str, boxes: Iterable[Box] = (CAT,)) -> Path:
        """Picture and annotation; the picture's path."""
        self.xml(name, boxes)
        return self.picture(name)

    def split(self, name: str, names: Sequence[str]) -> Path:
        path = self.root / "ImageSets" / "Main" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{n}\n" for n in names))
        return path

    def standard(self) -> "Maker":
        """Twelve for training with 12 boxes of each class, one each for val and test."""
        names = [f"t{i:02}" for i in range(12)]
        for name in names:
            self.add(name, [CAT, DOG])
        self.add("v", [CAT])
        self.add("w", [DOG])
        self.split("train", names)
        self.split("val", ["v"])
        self.split("test", ["w"])
        return self


@pytest.fixture
def voc(tmp_path: Path) -> Maker:
    """An empty data set to be filled."""
    root = tmp_path / "set"
    root.mkdir()
    return Maker(root)


@pytest.fixture
def standard(voc: Maker) -> Maker:
    """A data set without fault."""
    return voc.standard()


@pytest.fixture
def album() -> Split:
    """Four pictures that are nowhere on a disk, each of another size."""
    sizes = {"a": Size(40, 60), "b": Size(60, 40), "ü": Size(30, 30), "d": Size(1, 1)}
    records = tuple(
        Record(
            name=name,
            path=Path(f"{name}.png"),
            size=size,
            target=Target.empty(),
            stamp=Stamp(100 + number, 0),
        )
        for number, (name, size) in enumerate(sizes.items())
    )
    return Split(name="train", classes=("cat",), records=records)


@dataclass
class Shelf:
    """Writes a data set file by file; pictures are 60 wide and 40 high, no two alike."""

    root: Path
    count: int = 0

    def picture(self, name: str) -> Path:
        self.count += 1
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(60, 40, self.count % 256))
        return path

    def text(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def coco(self, name: str = "annotations/instances_train2017.json", **parts: object) -> Path:
        """Two pictures, a cat in the first and a crowd of dogs; parts replace its lists."""
        text = {
            "images": [
                {"id": 7, "file_name": "a.png", "width": 60, "height": 40},
                {"id": 9, "file_name": "b.png", "width": 60, "height": 40},
            ],
            "annotations": [
                coco_box(1, [10, 5, 20, 15], segmentation=[[10, 5, 30, 5, 30.5, 20]]),
                coco_box(2, [20, 10, 20, 25], category_id=44, iscrowd=1),
            ],
            "categories": [{"id": 44, "name": "dog"}, {"id": 3, "name": "cat"}],
        }
        return self.text(name, json.dumps(text | parts))

    def coco_set(self) -> "Shelf":
        """A data set in COCO layout without fault."""
        for name in ("a", "b"):
            self.picture(f"train2017/{name}.png")
        self.coco()
        return self

    def yolo_set(self) -> "Shelf":
        """A data set in YOLO layout without fault."""
        for split in ("train", "val"):
            self.picture(f"images/{split}/{split}.png")
            self.text(f"labels/{split}/{split}.txt", "1 0.5 0.5 0.5 0.5\n0 0.25 0.25 0.1 0.1\n")
        self.text("data.yaml", "train: images/train\nval: images/val\nnc: 2\nnames: [dog, cat]\n")
        return self

    def csv_set(self) -> "Shelf":
        """A data set in CSV layout without fault."""
        for name in ("a", "b"):
            self.picture(f"images/{name}.png")
        rows = "images/a.png,60,40,cat,10,5,30,20\nimages/a.png,60,40,dog,20,10,40,35\n"
        head = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
        self.text("train.csv", f"{head}{rows}images/b.png,60,40,,,,,\n")
        return self

    def label_studio_set(self) -> "Shelf":
        """An export of Label Studio without fault: a cat, a dog, and a picture of nothing."""
        self.picture("8a1b2c3d-a.png")
        self.picture("images/b.png")
        boxes = [studio_box("cat", 0, 0, 50, 50), studio_box("dog", 50, 25, 25, 75)]
        tasks = [studio_task("/data/upload/1/8a1b2c3d-a.png", boxes), studio_task("b.png", [])]
        self.text("project-1-at-2024-05-01.json", json.dumps(tasks))
        return self

    def cvat_set(self) -> "Shelf":
        """The same as an export of CVAT."""
        for name in ("a", "b"):
            self.picture(f"images/{name}.png")
        boxes = cvat_box("cat", 0, 0, 30, 20) + cvat_box("dog", 30, 10, 45, 40)
        self.cvat(cvat_image("a.png", boxes) + cvat_image("b.png"))
        return self

    def cvat(self, images: str, labels: str = "") -> Path:
        meta = f"<meta><task><labels>{labels}</labels></task></meta>" if labels else ""
        head = '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
        return self.text("annotations.xml", f"{head}{meta}\n{images}</annotations>\n")

    def labelme_set(self) -> "Shelf":
        """The same as labelme's files."""
        for name in ("a", "b"):
            self.picture(f"{name}.png")
        corners = [("cat", [[30, 0], [0, 20]]), ("dog", [[30, 10], [45, 40]])]
        self.labelme("a", [labelme_shape(name, points) for name, points in corners])
        self.labelme("b", [])
        return self

    def labelme(self, name: str, shapes: list[dict[str, object]], **parts: object) -> Path:
        text = {
            "version": "5.4.1",
            "flags": {},
            "shapes": shapes,
            "imagePath": f"{name.rpartition('/')[2]}.png",
            "imageData": "iVBORw0KGgo" * 10,
            "imageHeight": 40,
            "imageWidth": 60,
        }
        return self.text(f"{name}.json", json.dumps(text | parts))


def studio_task(image: str, result: list[dict[str, object]], **more: object) -> dict[str, object]:
    """A task with one annotation."""
    annotation = {"id": 1, "result": result, "was_cancelled": False, "ground_truth": False}
    return {"id": 1, "data": {"image": image}, "annotations": [annotation], **more}


def studio_box(name: str, x: object, y: object, w: object, h: object, **more: object) -> dict:
    """A rectangle in hundredths of the picture's sides."""
    value = {"x": x, "y": y, "width": w, "height": h, "rotation": 0, "rectanglelabels": [name]}
    return {
        "id": f"{name}{x}",
        "from_name": "label",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": 60,
        "original_height": 40,
        "image_rotation": 0,
        "value": value | more,
    }


def cvat_image(name: str, shapes: str = "", more: str = "") -> str:
    """An <image> on lines of its own."""
    return f'<image id="0" name="{name}" width="60" height="40"{more}>\n{shapes}</image>\n'


def cvat_box(name: str, *edges: object, more: str = "", inside: str = "") -> str:
    """A <box> on a line of its own."""
    words = zip(("xtl", "ytl", "xbr", "ybr"), edges, strict=True)
    corners = " ".join(f'{word}="{edge}"' for word, edge in words)
    known = f'label="{name}" source="manual" occluded="0" z_order="0"'
    return f"<box {known} {corners}{more}>{inside}</box>\n"


def labelme_shape(name: str, points: object, kind: str = "rectangle", **more: object) -> dict:
    """A shape of labelme's."""
    empty = {"group_id": None, "description": "", "flags": {}, "mask": None}
    return {"label": name, "points": points, "shape_type": kind, **empty, **more}


def coco_box(number: int, bbox: object, **more: object) -> dict[str, object]:
    """An annotation of picture 7 with a cat."""
    return {"id": number, "image_id": 7, "category_id": 3, "bbox": bbox, "iscrowd": 0, **more}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty data set of any layout, to be filled."""
    root = tmp_path / "shelf"
    root.mkdir()
    return Shelf(root)


@pytest.fixture
def studio():
    """Makes tasks and rectangles of Label Studio."""
    return SimpleNamespace(task=studio_task, box=studio_box)


@pytest.fixture
def cvat():
    """Makes images and boxes of CVAT."""
    return SimpleNamespace(image=cvat_image, box=cvat_box)


@pytest.fixture
def shape_of_labelme():
    """Makes a shape of labelme's."""
    return labelme_shape


@pytest.fixture
def box_of_coco():  # tests import no conftest
    """Makes an annotation of picture 7 with a cat."""
    return coco_box
