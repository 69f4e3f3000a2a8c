"""A data set's labels on contact sheets."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.show import ShowPlan, show_folder
from frcnn.draw import colour_of
from frcnn.errors import AnnotationError, ConfigError

EVERY = ShowPlan()


def has(path: Path, colour: tuple[int, int, int]) -> bool:
    return bool((np.asarray(Image.open(path)) == colour).all(axis=2).any())


def test_golden(standard, tmp_path: Path) -> None:
    shown = show_folder(standard.root, tmp_path / "a.png", EVERY)
    assert (shown.sheets, shown.pictures, shown.of) == (
        (tmp_path / "a_1.png", tmp_path / "a_2.png"),
        14,
        14,
    )
    assert (shown.unseen, shown.unreadable) == ((), ())
    assert has(shown.sheets[0], colour_of(0))
    assert has(shown.sheets[0], colour_of(1))
    assert str(shown) == f"14 of 14 pictures on {tmp_path / 'a_1.png'}, {tmp_path / 'a_2.png'}"
    assert json.loads(json.dumps(shown.to_json(), allow_nan=False))["of"] == 14


@pytest.mark.parametrize("layout", ["coco", "yolo", "csv", "label_studio", "cvat", "labelme"])
def test_every_layout(shelf, tmp_path: Path, layout: str) -> None:
    getattr(shelf, f"{layout}_set")()
    shown = show_folder(shelf.root, tmp_path / "a.png", EVERY)
    assert shown.pictures == 2
    assert has(tmp_path / "a.png", colour_of(0))


def test_one_split_and_one_class(standard, tmp_path: Path) -> None:
    shown = show_folder(standard.root, tmp_path / "a.png", ShowPlan(split="valid"))
    assert shown.of == 1
    assert not has(tmp_path / "a.png", colour_of(1)), "only a cat"
    plan = ShowPlan(class_name="dog", pictures=3)
    shown = show_folder(standard.root, tmp_path / "a.png", plan)
    assert (shown.pictures, shown.of) == (3, 13)
    assert has(tmp_path / "a.png", colour_of(1))
    assert not has(tmp_path / "a.png", colour_of(0)), "the cats are grey, beneath, too"


def test_classes_that_are_not_seen_are_said(shelf, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shelf.picture(f"{name}.png")
    shelf.text("train.csv", "a.png,1,1,9,9,cat\nb.png,1,1,9,9,dog\n")
    shown = show_folder(shelf.root, tmp_path / "a.png", ShowPlan(pictures=1))
    assert len(shown.unseen) == 1
    assert f"classes not seen there: {shown.unseen[0]}" in str(shown)


@pytest.mark.parametrize(
    "layout", ["voc", "coco", "csv", "yolo", "labelme", "cvat", "label_studio"]
)
def test_boxes_that_were_left_out_are_marked(
    shelf, voc, box_of_coco, shape_of_labelme, cvat, studio, tmp_path: Path, layout: str
) -> None:
    """White dashes where the box would be, in each layout that says where."""
    root = voc.root if layout == "voc" else shelf.root
    if layout == "voc":
        voc.add("a", [("cat", 20, 20, 20, 30), ("cat", 1, 1, 9, 9)])
    else:
        shelf.picture("a.png")
    if layout == "coco":
        rows = [box_of_coco(1, [20, 20, 0, 10]), box_of_coco(2, [1, 1, 9, 9])]
        shelf.picture("b.png")
        shelf.coco("train.json", annotations=rows)
    if layout == "csv":
        shelf.text("train.csv", "a.png,20,20,20,30,cat\na.png,1,1,9,9,cat\n")
    if layout == "yolo":
        shelf.text("a.txt", "0 2.0 0.5 0.1 0.1\n0 0.5 0.5 0 0.1\n0 0.1 0.1 0.1 0.1\n")
        shelf.text("classes.txt", "cat\n")
    if layout == "labelme":
        both = [[[20, 20], [20, 30]], [[1, 1], [9, 9]]]
        shelf.labelme("a", [shape_of_labelme("cat", points) for points in both])
    if layout == "cvat":
        boxes = cvat.box("cat", 40, 30, 20, 20) + cvat.box("cat", 1, 1, 9, 9)
        shelf.cvat(cvat.image("a.png", boxes))
    if layout == "label_studio":
        boxes = [studio.box("cat", 20, 20, 0, 30), studio.box("cat", 1, 1, 9, 9)]
        shelf.text("a.json", json.dumps([studio.task("a.png", boxes)]))
    show_folder(root, tmp_path / "x.png", EVERY)
    assert has(tmp_path / "x.png", (255, 255, 255))
    assert has(tmp_path / "x.png", (190, 0, 30)), "and said beneath, in red"


def test_boxes_of_no_known_class_are_marked(standard, tmp_path: Path) -> None:
    standard.xml("v", [("owl", 3, 3, 30, 30), ("cat", 1, 1, 9, 9)])
    show_folder(standard.root, tmp_path / "x.png", ShowPlan(split="val"))
    assert has(tmp_path / "x.png", (255, 255, 255))
    assert has(tmp_path / "x.png", (190, 0, 30))


def test_pictures_that_cannot_be_read_end_nothing(standard, tmp_path: Path) -> None:
    cut = standard.root / "JPEGImages" / "v.png"
    cut.write_bytes(cut.read_bytes()[:-40])
    (standard.root / "JPEGImages" / "w.png").write_bytes(b"no picture")
    shown = show_folder(standard.root, tmp_path / "a.png", EVERY)
    assert [problem.code for problem in shown.unreadable] == ["RC101", "RC102"]
    assert shown.pictures == 13
    assert "not readable: RC101" in str(shown)


def test_pictures_are_upright(shelf, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "black").save(shelf.root / "a.jpg", exif=exif)
    shelf.text("train.csv", "a.jpg,10,20,30,55,cat\n")
    show_folder(shelf.root, tmp_path / "a.png", EVERY)
    dark = (np.asarray(Image.open(tmp_path / "a.png")).max(axis=2) < 5).nonzero()
    assert np.ptp(dark[0][dark[0] > 70]) > 1.2 * np.ptp(dark[1][dark[0] > 70])


def test_difficult_boxes_are_dashed(shelf, tmp_path: Path) -> None:
    shelf.picture("a.png")
    counts = []
    for flag in (0, 1):
        head = "filename,xmin,ymin,xmax,ymax,class,difficult\n"
        shelf.text("train.csv", f"{head}a.png,10,10,50,30,cat,{flag}\n")
        show_folder(shelf.root, tmp_path / "a.png", EVERY)
        sheet = np.asarray(Image.open(tmp_path / "a.png"))
        counts.append((sheet == colour_of(0)).all(axis=2).sum())
    assert counts[1] < counts[0]


def test_the_same_twice_and_nothing_else_is_written(standard, tmp_path: Path) -> None:
    plan = ShowPlan(pictures=5)
    first = show_folder(standard.root, tmp_path / "a.png", plan).sheets[0].read_bytes()
    assert show_folder(standard.root, tmp_path / "a.png", plan).sheets[0].read_bytes() == first
    other = ShowPlan(pictures=5, seed=1)
    assert show_folder(standard.root, tmp_path / "a.png", other).sheets[0].read_bytes() != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "set"]


def test_classes_of_one_picture_differ_in_colour(shelf, tmp_path: Path) -> None:
    """Of 21 classes the last one would have the first one's colour."""
    shelf.picture("a.png")
    rows = [f"a.png,{2 * n},1,{2 * n + 2},9,class{n:02}\n" for n in (0, 20)]
    shelf.text("train.csv", "".join(rows))
    shelf.text("classes.csv", "".join(f"class{n:02},{n}\n" for n in range(21)))
    show_folder(shelf.root, tmp_path / "a.png", EVERY)
    assert has(tmp_path / "a.png", colour_of(0))
    assert has(tmp_path / "a.png", colour_of(1))


def test_wrong_in_what_is_asked_for(standard, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    for plan, code in (
        (ShowPlan(split="dev"), "RC320"),
        (ShowPlan(class_name="owl"), "RC377"),
        (ShowPlan(split="test", class_name="cat"), "RC379"),
    ):
        with pytest.raises(ConfigError, match=code):
            show_folder(standard.root, out, plan)
    with pytest.raises(AnnotationError, match="RC201"):
        show_folder(tmp_path / "nowhere", out, EVERY)
    assert not out.exists()


def test_wrong_in_places(standard, tmp_path: Path, monkeypatch) -> None:
    for name in ("a.jpg", "a", "set/a.png"):
        with pytest.raises(ConfigError, match="RC378"):
            show_folder(standard.root, tmp_path / name, EVERY)
    monkeypatch.chdir(standard.root)
    with pytest.raises(ConfigError, match=r"RC378.*within the data"):
        show_folder(".", None, EVERY)
