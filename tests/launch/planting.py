"""What is done to a good data set, so that it has one fault: for `test_check_planted.py`.

No test file imports another; this one is run by the test that needs it.
"""

import io
import json
import os
import re
import runpy
import shutil
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
FILES = {  # the picture t00, the file of its boxes, the file of the training split
    "voc": ("JPEGImages/t00.png", "Annotations/t00.xml", "ImageSets/Main/train.txt"),
    "coco": (
        "images/t00.png",
        "annotations/instances_train.json",
        "annotations/instances_train.json",
    ),
    "yolo": ("images/train/t00.png", "labels/train/t00.txt", "data.yaml"),
    "csv": ("images/t00.png", "train.csv", "train.csv"),
    "label-studio": ("images/t00.png", "train.json", "train.json"),
    "cvat": ("images/t00.png", "annotations.xml", "annotations.xml"),
    "labelme": ("train/t00.png", "train/t00.json", "train/t00.json"),
}
SECOND = {
    "voc": "t00.xml:17",
    "coco": "#/annotations/24/bbox",
    "yolo": "t00.txt:3",
    "csv": "train.csv:26",
}
BOXES = {
    "train": {"cat": (10, 5, 30, 20), "dog": (20, 10, 40, 35)},
    "val": {"cat": (10, 5, 30, 20)},
}
"""Of every picture in a split of the good data set."""
Pictures = dict[str, list[Path]]
"""By split."""


OPS = runpy.run_path(str(HERE.parent / "ops" / "test_pictures_faults.py"))
PIXELS = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def saved(kind: str, pixels: np.ndarray = PIXELS, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind, **options)
    return file.getvalue()


def oriented(value: int) -> bytes:
    """A PNG, upright 60 x 40, that EXIF turns."""
    exif = Image.Exif()
    exif[0x112] = value
    pixels = PIXELS.transpose(1, 0, 2) if value >= 5 else PIXELS
    return saved("PNG", np.ascontiguousarray(pixels), exif=exif)


def several(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    frames = [Image.fromarray(PIXELS), Image.fromarray(PIXELS[::-1])]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], **options)
    return file.getvalue()


def made_elsewhere() -> dict[str, Callable[[], bytes]]:
    """Faulty pictures of the tests of `ops`, by what they are called there."""
    return {name[4:]: make for name, _, _, make in OPS["REFUSED"]}


PNG, JPEG = saved("PNG"), saved("JPEG")
LONG_TEXT = zlib.compress(b"a" * (8 << 20))
PICTURES: dict[str, Callable[[], bytes]] = {
    **made_elsewhere(),
    "JPEG without its last 2 bytes": lambda: JPEG[:-2],
    "PNG without its last 12 bytes": lambda: PNG[:-12],
    "half a JPEG": lambda: JPEG[: len(JPEG) // 2],
    "half a PNG": lambda: PNG[: len(PNG) // 2],
    "flipped byte": lambda: OPS["flipped"](PNG, OPS["in_idat"](PNG)),
    "float TIFF": lambda: saved("TIFF", np.ones((40, 60), np.float32), mode="F"),
    "text bomb": lambda: PNG[:33] + OPS["chunk"](b"zTXt", b"A\0\0" + LONG_TEXT) + PNG[33:],
    "PNG with garbage": lambda: PNG + bytes(1024),
    "grey": lambda: saved("PNG", mode="L"),
    "one bit": lambda: saved("PNG", mode="1"),
    "palette": lambda: saved("PNG", mode="P"),
    "palette with transparency": lambda: saved("PNG", mode="P", transparency=3),
    "grey with alpha": lambda: saved("PNG", mode="LA"),
    "RGB with alpha": lambda: saved("PNG", mode="RGBA"),
    "CMYK": lambda: saved("JPEG", mode="CMYK"),
    "16 bits": lambda: saved("PNG", PIXELS[:, :, 0].astype(np.uint16) * 257, mode="I;16"),
    **{f"orientation {n}": (lambda n=n: oriented(n)) for n in range(1, 9)},
    "broken EXIF": lambda: saved("PNG", exif=b"Exif\0\0II*\0\x08\0"),
    "animated GIF": lambda: several("GIF"),
    "animated PNG": lambda: several("PNG"),
    "animated WebP": lambda: several("WEBP", lossless=True),
    "TIFF of two pages": lambda: several("TIFF"),
    "1 x 1": lambda: saved("PNG", PIXELS[:1, :1]),
    "1 x 5000": lambda: saved("PNG", np.full((1, 5000, 3), 9, np.uint8)),
}


class Planting:
    """A copy of the good data set, and what is done to it."""

    def __init__(self, root: Path, layout: str) -> None:
        self.root, self.layout = root, layout
        picture, boxes, file = FILES[layout]
        everything = {"voc": "Annotations/*.xml", "csv": "*.csv"}.get(layout, "")
        self.words = {
            **{"picture": picture, "boxes": boxes, "file": file, "all": everything},
            "set": root.name,
            "second": SECOND.get(layout, ""),
            "copied": picture.replace("t00", "t03"),
            "outside": str(root.parent / "elsewhere.png"),
            "inside": picture.replace("t00", "t05").rpartition("/")[2],
        }
        self.picture, self.boxes = root / picture, root / boxes

    def fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.words[found[1]], text)

    def do(self, step: dict[str, Any]) -> None:
        if "in" in step:
            return self.replace(step)
        if "write" in step:
            (self.root / self.fill(step["write"])).write_text(step["text"])
        elif "delete" in step:
            (self.root / self.fill(step["delete"])).unlink()
        elif "copy" in step:
            shutil.copy(self.root / self.fill(step["copy"]), self.root / self.fill(step["to"]))
        else:
            self.link(self.root / self.fill(step["link"]), self.fill(step["to"]))
        return None

    def replace(self, step: dict[str, Any]) -> None:
        paths = sorted(self.root.glob(self.fill(step["in"])))
        assert paths
        for path in paths:
            text = path.read_text()
            assert step["old"] in text or len(paths) > 1, text
            path.write_text(text.replace(step["old"], step["new"], -1 if "every" in step else 1))

    def link(self, place: Path, target: str) -> None:
        shutil.copy(place, self.root.parent / "elsewhere.png")
        place.unlink()
        place.symlink_to(target)

    def make(self, what: str) -> None:
        if what in PICTURES:
            self.picture.write_bytes(PICTURES[what]())
        elif what.startswith("renamed "):
            self.rename(what.removeprefix("renamed "))
        else:
            MAKERS[what](self)

    def rename(self, name: str, shown: str | None = None) -> None:
        """Give t00 another name, on the disk and in the files."""
        shown = (shown or name).removesuffix(".png")
        self.picture.rename(self.picture.with_name(name))
        if self.layout in ("voc", "yolo"):
            self.boxes.rename(self.boxes.with_stem(shown))
        if self.layout != "yolo":
            path = self.root / FILES[self.layout][2]
            old = {"voc": "t00", "csv": "images/t00.png"}.get(self.layout, "t00.png")
            new = {"voc": shown, "csv": f"images/{shown}.png"}.get(self.layout, f"{shown}.png")
            path.write_text(path.read_text().replace(old, new))

    def add_box(self, box: tuple[int, int, int, int]) -> None:
        """A second cat in t00."""
        add_boxes(self, [box])


def add_boxes(planting: Planting, boxes: list[tuple[int, int, int, int]]) -> None:
    path, layout = planting.boxes, planting.layout
    text = path.read_text()
    if layout == "voc":
        edges = [
            f"<xmin>{a + 1}</xmin><ymin>{b + 1}</ymin><xmax>{c}</xmax><ymax>{d}</ymax>"
            for a, b, c, d in boxes
        ]
        more = "".join(
            "  <object>\n<name>cat</name>\n<difficult>0</difficult>\n"
            f"<bndbox>{e}</bndbox>\n</object>\n"
            for e in edges
        )
        path.write_text(text.replace("</annotation>", f"{more}</annotation>"))
    elif layout == "coco":
        values = json.loads(text)
        for number, (a, b, c, d) in enumerate(boxes, start=1000):
            box = {"id": number, "image_id": 1, "category_id": 1, "bbox": [a, b, c - a, d - b]}
            values["annotations"].append(box)
        path.write_text(json.dumps(values))
    elif layout == "yolo":
        lines = [
            f"0 {(a + c) / 120:.6f} {(b + d) / 80:.6f} {(c - a) / 60:.6f} {(d - b) / 40:.6f}\n"
            for a, b, c, d in boxes
        ]
        path.write_text(text + "".join(lines))
    else:
        lines = [f"images/t00.png,60,40,cat,{a},{b},{c},{d}\n" for a, b, c, d in boxes]
        path.write_text(text + "".join(lines))


def write_label_studio(root: Path, pictures: Pictures) -> None:
    """A file of tasks for each split, with the boxes in hundredths."""
    for split, paths in pictures.items():
        tasks = []
        for path in paths:
            results = [
                {
                    "id": name,
                    "type": "rectanglelabels",
                    "original_width": 60,
                    "original_height": 40,
                    "value": {
                        "x": round(a / 0.6, 4),
                        "y": round(b / 0.4, 4),
                        "width": round((c - a) / 0.6, 4),
                        "height": round((d - b) / 0.4, 4),
                        "rotation": 0,
                        "rectanglelabels": [name],
                    },
                }
                for name, (a, b, c, d) in BOXES[split].items()
            ]
            answer = {"result": results, "was_cancelled": False, "created_at": "2024-05-01T10:00"}
            tasks.append(
                {"data": {"image": f"/data/upload/1/{path.name}"}, "annotations": [answer]}
            )
            shutil.copy(path, root / "images" / path.name)
        (root / f"{split}.json").write_text(json.dumps(tasks))


def write_cvat(root: Path, pictures: Pictures) -> None:
    """One file of subsets, an element on a line; t00 is on line 5, its boxes on 6 and 7."""
    labels = "".join(f"<label><name>{name}</name></label>" for name in BOXES["train"])
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "<version>1.1</version>"]
    lines.append(f"<meta><project><labels>{labels}</labels></project></meta>")
    for split, paths in pictures.items():
        for path in paths:
            known = f'subset="{split}" width="60" height="40"'
            lines.append(f'<image name="{path.name}" {known}>')
            lines += [
                f'<box label="{name}" occluded="0" xtl="{a}" ytl="{b}" xbr="{c}" ybr="{d}"></box>'
                for name, (a, b, c, d) in BOXES[split].items()
            ]
            lines.append("</image>")
            shutil.copy(path, root / "images" / path.name)
    (root / "annotations.xml").write_text("\n".join([*lines, "</annotations>", ""]))


def write_labelme(root: Path, pictures: Pictures) -> None:
    """A file beside each picture, in a folder for each split."""
    for split, paths in pictures.items():
        (root / split).mkdir()
        for path in paths:
            shapes = [
                {"label": name, "points": [[a, b], [c, d]], "shape_type": "rectangle"}
                for name, (a, b, c, d) in BOXES[split].items()
            ]
            values = {"version": "5.4.1", "shapes": shapes, "imagePath": path.name}
            values |= {"imageHeight": 40, "imageWidth": 60}
            (root / split / f"{path.stem}.json").write_text(json.dumps(values))
            shutil.copy(path, root / split / path.name)


def write_export(root: Path, layout: str, pictures: Pictures) -> None:
    """The good data set as a tool exports it."""
    root.mkdir()
    if layout != "labelme":
        (root / "images").mkdir()
    writers = {"label-studio": write_label_studio, "cvat": write_cvat, "labelme": write_labelme}
    writers[layout](root, pictures)


def rotate(planting: Planting) -> None:
    """Two training pictures on their side: stored 60 x 40, upright 40 x 60."""
    exif = Image.Exif()
    exif[0x112] = 6
    for path in sorted(planting.picture.parent.glob("t*.png"))[:2]:
        pixels = np.asarray(Image.open(path))
        path.write_bytes(saved("PNG", pixels, exif=exif))


def rotate_without_size(planting: Planting) -> None:
    rotate(planting)
    layout, root = planting.layout, planting.root
    if layout == "coco":
        values = json.loads(planting.boxes.read_text())
        values["images"] = [{"id": i["id"], "file_name": i["file_name"]} for i in values["images"]]
        for box in values["annotations"]:
            box["bbox"][2] = 38
        planting.boxes.write_text(json.dumps(values))
    elif layout == "csv":
        text = planting.boxes.read_text()
        text = text.replace(",60,40,", ",,,").replace("40,35", "58,35").replace("30,20", "55,20")
        planting.boxes.write_text(text)
    for path in root.glob("Annotations/t*.xml"):
        text = re.sub("<size>.*</size>", "", path.read_text())
        path.write_text(re.sub(r"<xmax>\d+<", "<xmax>58<", text))


def nearly(planting: Planting, other: str) -> None:
    """t03 becomes another picture, saved again as JPEG and a little darker."""
    pixels = np.asarray(Image.open(find(planting.root, other)))
    dark = (pixels * 0.99).astype(np.uint8)
    find(planting.root, "t03").write_bytes(saved("PNG", dark))


def find(root: Path, stem: str) -> Path:
    return next(root.rglob(f"{stem}.png"))


def with_sums(planting: Planting) -> None:
    shown = planting.picture.relative_to(planting.root)
    (planting.root / "SHA256SUMS").write_text(f"{'0' * 64}  {shown}\n")


def link_within(planting: Planting) -> None:
    """The picture is in another folder of the data, and a link in its place."""
    store = planting.root / "store"
    store.mkdir()
    kept = planting.picture.rename(store / planting.picture.name)
    planting.picture.symlink_to(os.path.relpath(kept, planting.picture.parent))


def link_whole(planting: Planting) -> None:
    aside = planting.root.with_name("aside")
    planting.root.rename(aside)
    planting.root.symlink_to(aside)


def many_boxes(planting: Planting) -> None:
    """5,100 of them, small, no two nearly alike."""
    steps = [(x, y, w, h) for x in range(50) for y in range(34) for w, h in SIZES]
    add_boxes(planting, [(x, y, x + w, y + h) for x, y, w, h in steps])


SIZES = ((2, 2), (5, 5), (8, 6))
MAKERS: dict[str, Callable[[Planting], object]] = {
    "flipped byte that decodes": with_sums,
    "copy of another picture": lambda p: shutil.copy(p.picture, find(p.root, "t03")),
    "nearly a copy of a picture in val": lambda p: nearly(p, "v"),
    "nearly a copy of another picture": lambda p: nearly(p, "t01"),
    "rotated": rotate,
    "rotated without size": rotate_without_size,
    "nearly the same box": lambda p: p.add_box((10, 5, 30, 21)),
    "many boxes": many_boxes,
    "deep XML": lambda p: p.boxes.write_text(
        "<annotation>" + "<a>" * 60 + "</a>" * 60 + "</annotation>"
    ),
    "long XML": lambda p: p.boxes.write_text("<annotation>" + " " * (11 << 20) + "</annotation>"),
    "cut XML": lambda p: p.boxes.write_text(p.boxes.read_text()[:100]),
    "UTF-16 XML": lambda p: p.boxes.write_bytes(p.boxes.read_text().encode("utf-16")),
    "XML with a mark": lambda p: p.boxes.write_bytes(b"\xef\xbb\xbf" + p.boxes.read_bytes()),
    "cut JSON": lambda p: p.boxes.write_text(p.boxes.read_text()[:-50]),
    "deep JSON": lambda p: p.boxes.write_text('{"images": ' + "[" * 100_000),
    "long id": lambda p: p.boxes.write_text(
        p.boxes.read_text().replace('"id": 1,', f'"id": {"9" * 5000},', 1)
    ),
    "Latin JSON": lambda p: p.boxes.write_bytes(p.boxes.read_bytes().replace(b"cat", b"c\xe4t")),
    "Latin text": lambda p: p.boxes.write_bytes(b"\xe4" + p.boxes.read_bytes()),
    "long name": lambda p: p.boxes.write_text(p.boxes.read_text().replace("t00", "t" * 300, 1)),
    "another form": lambda p: p.rename(
        unicodedata.normalize("NFD", "ä.png"), unicodedata.normalize("NFC", "ä.png")
    ),
    "linked folder": link_whole,
    "linked store": link_within,
}
