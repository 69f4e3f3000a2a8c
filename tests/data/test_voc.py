"""Annotations and headers together: B03, B06, B08, B09, B13, B17 and B18 of the catalogue."""

import io
import os

import numpy as np
import pytest
import torch
from PIL import Image

from frcnn.data import voc as voc_room
from frcnn.data.problems import Problem
from frcnn.data.seen import class_mentions, to_records
from frcnn.data.voc import read_folder
from frcnn.types import Size


def problems(root, code: str = "RC") -> list[Problem]:
    return [p for p in read_folder(root).problems if p.code.startswith(code)]


def only(root) -> Problem:
    (problem,) = read_folder(root).problems
    assert problem.fix
    return problem


def test_golden_folder(standard) -> None:
    folder = read_folder(standard.root)
    assert folder.pictures == 14
    assert folder.problems == []
    first = folder.splits["train"][0]
    assert first.name == "t00"
    assert first.size == Size(height=40, width=60)
    assert first.rows.boxes.tolist() == [[10, 5, 30, 20], [20, 10, 40, 35]]
    assert list(class_mentions(folder.splits["train"])) == ["cat", "dog"]
    assert class_mentions([first])["dog"] == f"{standard.root}/Annotations/t00.xml:8"
    record = to_records((first,), {"cat": 5, "dog": 3})[0]
    assert record.target.labels.tolist() == [5, 3]
    assert record.stamp.bytes == first.path.stat().st_size


def test_a_picture_in_two_splits_is_read_and_reported_once(standard) -> None:
    standard.xml("v", [("cat", 5, 5, 5, 5), ("cat", 1, 1, 9, 9)])
    standard.split("trainval", [f"t{i:02}" for i in range(12)] + ["v"])
    folder = read_folder(standard.root)
    assert folder.pictures == 14
    assert [p.code for p in folder.problems] == ["RC207"]
    assert folder.splits["trainval"][-1] is folder.splits["val"][0]


def test_b03_boxes_beyond_the_border_are_counted(voc) -> None:
    boxes = [
        ("cat", 0, 1, 20, 20),  # a 0-based file: one pixel out
        ("cat", 5, 5, 61, 20),
        ("cat", 5, 5, 70, 20),
        ("cat", 100, 100, 120, 120),
        ("cat", 1, 1, 60, 40),
    ]
    path = voc.xml("a", boxes)
    voc.picture("a")
    folder = read_folder(voc.root)
    assert [p.code for p in folder.problems] == ["RC210", "RC210", "RC211", "RC209"]
    assert [p.place for p in folder.problems] == [f"{path}:{line}" for line in (6, 8, 10, 12)]
    (seen,) = folder.splits["train"]
    assert seen.rows.boxes.tolist() == [
        [0, 0, 20, 20],
        [4, 4, 60, 20],
        [4, 4, 60, 20],
        [0, 0, 60, 40],
    ]


SIZE = "<size><width>{}</width><height>{}</height></size>"


@pytest.mark.parametrize(
    ("width", "height", "what"),
    [(640, 480, "another size"), (61, 40, "another size"), (40, 60, "exchanged")],
)
def test_b06_the_sizes_differ(voc, width: int, height: int, what: str) -> None:
    path = voc.xml("a", [("cat", 1, 1, 9, 9)], size=SIZE.format(width, height))
    voc.picture("a")
    problem = only(voc.root)
    assert (problem.code, problem.place) == ("RC212", str(path))
    assert problem.got == f"{width} x {height}"
    assert problem.want == "60 x 40"
    assert what in problem.what
    assert problem.effect == "picture skipped"
    assert read_folder(voc.root).splits["train"] == ()


def rotated(turn: int) -> bytes:
    """A JPEG, 60 wide and 40 high as stored, held another way."""
    exif = Image.Exif()
    exif[0x112] = turn
    file = io.BytesIO()
    Image.new("RGB", (60, 40)).save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
def test_b06_boxes_are_in_the_upright_frame(voc, turn: int) -> None:
    width, height = (40, 60) if turn >= 5 else (60, 40)
    voc.xml("a", [("cat", 1, 1, width, height)], size=SIZE.format(width, height))
    voc.picture("a", data=rotated(turn), suffix=".jpg")
    folder = read_folder(voc.root)
    (seen,) = folder.splits["train"]
    assert seen.size == Size(height, width)
    assert seen.rows.boxes.tolist() == [[0, 0, width, height]]
    assert [p.code for p in folder.problems] == (["RC120"] if turn > 1 else [])


@pytest.mark.parametrize("turn", range(5, 9))
def test_b06_the_size_before_the_rotation_is_an_error_that_says_so(voc, turn: int) -> None:
    voc.xml("a", [("cat", 1, 1, 60, 40)], size=SIZE.format(60, 40))
    voc.picture("a", data=rotated(turn), suffix=".jpg")
    (problem,) = problems(voc.root, "RC212")
    assert "before its EXIF rotation" in problem.what
    assert (problem.got, problem.want) == ("60 x 40", "40 x 60")
    assert "--fix" in problem.fix


def test_a_size_that_is_not_said_is_a_warning(voc) -> None:
    voc.xml("a", [("cat", 1, 1, 9, 9)], size=SIZE.format(0, 0))
    voc.picture("a")
    problem = only(voc.root)
    assert (problem.code, problem.severity, problem.effect) == ("RC213", "warning", "none")


def test_b08_the_same_box_twice_is_kept_and_reported(voc) -> None:
    box = ("cat", 1, 1, 9, 9)
    path = voc.xml("a", [box, ("dog", 1, 1, 9, 9), box])
    voc.picture("a")
    problem = only(voc.root)
    assert (problem.code, problem.place, problem.effect) == ("RC219", f"{path}:10", "none")
    assert len(read_folder(voc.root).splits["train"][0].rows.names) == 3


def test_b08_two_pictures_for_one_annotation(voc) -> None:
    voc.add("a")
    voc.picture("a", suffix=".jpg")
    problem = only(voc.root)
    assert (problem.code, problem.effect) == ("RC225", "picture skipped")
    assert problem.got == "a.jpg, a.png"


def test_b09_an_annotation_without_picture(voc) -> None:
    voc.add("a")
    path = voc.xml("b", [("cat", 1, 1, 9, 9)])
    problem = only(voc.root)
    assert (problem.code, problem.place, problem.got) == ("RC216", str(path), "b")
    assert problem.effect == "picture skipped"


def test_b09_a_listed_name_without_any_file(standard) -> None:
    path = standard.split("train", ["t00", "ghost"])
    (problem,) = problems(standard.root, "RC216")
    assert (problem.place, problem.got) == (f"{path}:2", "ghost")


def test_b09_a_picture_without_annotation_is_a_negative(voc) -> None:
    voc.add("a")
    path = voc.picture("b")
    problem = only(voc.root)
    assert (problem.code, problem.place, problem.severity) == ("RC217", str(path), "warning")
    assert [len(s.rows.names) for s in read_folder(voc.root).splits["train"]] == [1, 0]


def test_b13_five_thousand_boxes(voc) -> None:
    boxes = [("cat", 1 + i % 50, 1 + i // 200, 5 + i % 50, 5 + i // 200) for i in range(5000)]
    voc.xml("a", boxes)
    voc.picture("a")
    (seen,) = read_folder(voc.root).splits["train"]
    record = to_records((seen,), {"cat": 0})[0]
    assert record.target.boxes.shape == (5000, 4)
    want = torch.tensor([b[1:] for b in boxes], dtype=torch.float32) - torch.tensor([1.0, 1, 0, 0])
    torch.testing.assert_close(record.target.boxes, want)


def test_b17_a_link_out_of_the_data_set_is_not_followed(voc, tmp_path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(voc.add("a").read_bytes())
    link = voc.root / "JPEGImages" / "b.png"
    link.symlink_to(secret)
    voc.xml("b", [])
    problem = only(voc.root)
    assert (problem.code, problem.place) == ("RC224", str(link))
    outside = voc.root / "Annotations" / "a.xml"
    (tmp_path / "a.xml").write_bytes(outside.read_bytes())
    outside.unlink()
    outside.symlink_to(tmp_path / "a.xml")
    assert [p.code for p in problems(voc.root)] == ["RC224", "RC224"]


def test_b17_links_within_and_to_whole_folders_are_followed(voc, tmp_path) -> None:
    voc.add("a")
    (voc.root / "JPEGImages" / "b.png").symlink_to("a.png")
    voc.xml("b", [])
    elsewhere = tmp_path / "elsewhere"
    (voc.root / "JPEGImages").rename(elsewhere)
    (voc.root / "JPEGImages").symlink_to(elsewhere)
    folder = read_folder(voc.root)
    assert folder.problems == []
    assert [s.name for s in folder.splits["train"]] == ["a", "b"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..\\a", "x" * 300, "http://127.0.0.1/a", "a\0b"]
)
def test_b17_names_in_lists_lead_nowhere(standard, name: str) -> None:
    standard.split("val", ["v", name])
    (problem,) = problems(standard.root, "RC216")
    assert problem.place.endswith("val.txt:2")
    assert len(str(problem.error()).splitlines()) == 2


def test_b17_path_and_filename_of_an_annotation_are_never_opened(standard, monkeypatch) -> None:
    """It names a file of the system in both; that is said once for the set, however many do so."""
    for name in ("t00", "t01"):
        path = standard.root / "Annotations" / f"{name}.xml"
        path.write_text(path.read_text().replace(f"{name}.png", "../../../etc/passwd"))
    opened: list[str] = []
    real, real_open = type(path).open, os.open

    def spy(self, *arguments: object, **options: object):
        opened.append(str(self))
        return real(self, *arguments, **options)

    def spy_below(name, *arguments: int) -> int:
        opened.append(str(name))
        return real_open(name, *arguments)

    monkeypatch.setattr(type(path), "open", spy)
    monkeypatch.setattr("os.open", spy_below)
    (found,) = problems(standard.root)
    assert (found.code, found.severity, found.effect) == ("RC267", "warning", "none")
    assert found.got == "2 x <path>, as in ../../../etc/passwd"
    assert opened
    assert all(name.startswith(str(standard.root)) for name in opened)


@pytest.mark.parametrize(
    "name", ["caf\u00e9", "a b", "new\nline", "-x", "\U0001f9ea", '"q"', "a.b.c"]
)
def test_b18_odd_names(voc, name: str) -> None:
    voc.pictures = voc.annotations = ""
    voc.add(name)
    folder = read_folder(voc.root)
    assert folder.problems == []
    assert [s.name for s in folder.splits["train"]] == [name]


def test_b18_an_error_about_an_odd_name_stays_on_two_lines(voc) -> None:
    voc.add("a")
    voc.picture("new\nline", data=b"")
    (problem,) = problems(voc.root, "RC1")
    assert "new\\nline" in problem.place
    assert len(str(problem.error()).splitlines()) == 2


def test_names_that_are_no_utf8(voc) -> None:
    voc.pictures = voc.annotations = ""
    name = os.fsdecode(b"latin-\xe9")
    voc.add("a").rename(voc.root / f"{name}.png")
    (voc.root / "a.xml").rename(voc.root / f"{name}.xml")
    (seen,) = read_folder(voc.root).splits["train"]
    assert os.fsencode(seen.name) == b"latin-\xe9"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "RC101"),
        (b"GIF89a" + bytes(30), "RC101"),
        (b"\xff\xd8\xff\xe0\0\x10", "RC102"),
        (b"BM" + bytes(12) + (40).to_bytes(4, "little") + b"\x30\x75\0\0" * 2, "RC104"),
    ],
    ids=["empty", "GIF", "cut", "bomb"],
)
def test_bad_pictures_are_skipped_and_reported(voc, data: bytes, code: str) -> None:
    voc.xml("a", [])
    path = voc.picture("a", data=data)
    problem = only(voc.root)
    assert (problem.code, problem.place, problem.effect) == (code, str(path), "picture skipped")


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"<annotation>", "RC203"), (b"<!DOCTYPE a><annotation/>", "RC204"), (b"<html/>", "RC206")],
)
def test_bad_annotations_cost_their_picture(voc, data: bytes, code: str) -> None:
    voc.picture("a")
    path = voc.raw("a", data)
    problem = only(voc.root)
    assert (problem.code, problem.effect) == (code, "picture skipped")
    assert problem.place.startswith(str(path))


def test_only_headers_are_read(standard, monkeypatch) -> None:
    from frcnn.ops import pictures

    def decoded(*_: object, **__: object) -> None:
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr(pictures, "decode", decoded)
    assert len(read_folder(standard.root).splits["train"]) == 12
    assert not hasattr(voc_room, "decode")


def test_a_grey_picture_needs_no_colour(standard) -> None:
    assert np.array(Image.open(standard.root / "JPEGImages" / "v.png")).shape == (40, 60)
