"""A data set in VOC layout, made picture by picture."""

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

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
def box_of_coco():  # tests import no conftest
    """Makes an annotation of picture 7 with a cat."""
    return coco_box
