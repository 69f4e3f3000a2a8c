"""Files by name: B18 of the catalogue, and names that lead nowhere (B17)."""

import unicodedata
from pathlib import Path

import pytest

from frcnn.data.file_index import FileIndex

ODD = [
    "caf\u00e9",
    "cafe\u0301s",
    "with space",
    "'quoted' \"twice\"",
    "new\nline",
    "-dash",
    "\U0001f9ea",
    "two.dots.in",
    "UPPER",
    "upper",
    "100%",
]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"")


@pytest.mark.parametrize("name", ODD)
def test_b18_names_are_found_to_the_byte(tmp_path: Path, name: str) -> None:
    touch(tmp_path, *(f"{other}.jpg" for other in ODD))
    assert FileIndex.pictures(tmp_path).find(name) == (tmp_path / f"{name}.jpg",)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_b18_the_other_unicode_form_is_found_when_it_is_the_only_one(
    tmp_path: Path, form: str
) -> None:
    name = "M\u00fcller"
    touch(tmp_path, unicodedata.normalize(form, name) + ".jpg")
    index = FileIndex.pictures(tmp_path)
    for other in ("NFC", "NFD"):
        assert len(index.find(unicodedata.normalize(other, name))) == 1
    assert index.find("Muller") == ()


def test_b18_both_forms_side_by_side_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "\u00e9.jpg", "e\u0301.jpg")
    index = FileIndex.pictures(tmp_path)
    assert [p.name for p in index.find("\u00e9")] == ["\u00e9.jpg"]
    assert [p.name for p in index.find("e\u0301")] == ["e\u0301.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "a\0b",
        "..\\a",
        "x" * 300,
        "http://h/a.jpg",
        "",
    ],
)
def test_b17_names_that_lead_elsewhere_are_not_there(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "a.jpg")
    index = FileIndex.pictures(tmp_path)
    assert index.find(name) == ()
    assert index.find(index.without_ending(name)) == ()


def test_endings(tmp_path: Path) -> None:
    touch(tmp_path, "a.JPG", "b.jpeg", "b.png", "c.gif", "d.xml", "e.txt", ".hidden.jpg", "f")
    index = FileIndex.pictures(tmp_path)
    assert index.names == ("a", "b", "c")
    assert [p.name for p in index.find("b")] == ["b.jpeg", "b.png"]
    assert FileIndex.annotations(tmp_path).names == ("d",)


def test_a_list_may_have_endings(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg.jpg")
    index = FileIndex.pictures(tmp_path)
    assert index.without_ending("a.jpg") == "a"
    assert index.without_ending("a") == "a"
    assert index.without_ending("b.jpg") == "b.jpg", "here the ending is part of the name"
    assert index.without_ending("c.PNG") == "c"
    assert index.without_ending("c.v2") == "c.v2"


@pytest.mark.parametrize(
    ("pictures", "xml"), [("JPEGImages", "Annotations"), ("images", "annotations")]
)
def test_inner_folders_are_preferred(tmp_path: Path, pictures: str, xml: str) -> None:
    (tmp_path / pictures).mkdir()
    (tmp_path / xml).mkdir()
    touch(tmp_path, "outside.jpg", "outside.xml")
    touch(tmp_path / pictures, "a.jpg")
    touch(tmp_path / xml, "a.xml")
    assert FileIndex.pictures(tmp_path).names == ("a",)
    assert FileIndex.annotations(tmp_path).names == ("a",)


def test_nothing_in(tmp_path: Path) -> None:
    index = FileIndex.pictures(tmp_path)
    assert index.files == []
    assert index.names == ()
    assert index.find("a") == ()
