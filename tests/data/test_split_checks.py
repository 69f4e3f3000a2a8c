"""Warnings about whole splits: A46, B12 of the catalogue."""

import shutil

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem
from frcnn.data.split_checks import check_splits


def warnings(standard, code: str) -> list[Problem]:
    found = [p for p in Dataset.open(standard.root).report.problems if p.code == code]
    assert all(p.severity == "warning" and p.effect == "none" and p.fix for p in found)
    return found


def test_a_good_data_set_has_none(standard) -> None:
    assert Dataset.open(standard.root).report.problems == ()


def test_a46_the_same_bytes_under_two_names(standard) -> None:
    folder = standard.root / "JPEGImages"
    shutil.copy(folder / "t05.png", folder / "v.png")
    (found,) = warnings(standard, "RC220")
    assert found.place == str(folder / "v.png")
    assert found.got == f"a copy of {folder / 't05.png'}"


def test_a46_every_copy_is_found_and_no_other(standard) -> None:
    """All pictures have one length, so that only their contents tell them apart."""
    folder = standard.root / "JPEGImages"
    assert len({path.stat().st_size for path in folder.iterdir()}) == 1
    for copy in ("t07", "t08", "w"):
        shutil.copy(folder / "t00.png", folder / f"{copy}.png")
    shutil.copy(folder / "t01.png", folder / "v.png")
    found = warnings(standard, "RC220")
    assert {p.place.rpartition("/")[2] for p in found} == {"t07.png", "t08.png", "w.png", "v.png"}


def test_a46_long_files_that_differ_only_in_the_middle_are_no_copies(standard) -> None:
    for name, grey in (("t00", 1), ("t01", 2), ("t02", 2)):
        data = standard.picture("scratch").read_bytes()
        (standard.root / "JPEGImages" / "scratch.png").unlink()
        middle = bytes(6000) + bytes([grey]) + bytes(6000)
        (standard.root / "JPEGImages" / f"{name}.png").write_bytes(data[:41] + data[41:] + middle)
    # the three differ in their pictures, too; make them the same but for the middle
    folder = standard.root / "JPEGImages"
    same = folder / "t00.png"
    base = same.read_bytes()
    for name, grey in (("t01", 2), ("t02", 2)):
        at = len(base) - 6001
        (folder / f"{name}.png").write_bytes(base[:at] + bytes([grey]) + base[at + 1 :])
    found = warnings(standard, "RC220")
    assert [p.place.rpartition("/")[2] for p in found] == ["t02.png"]


@pytest.mark.parametrize("other", ["val", "test"])
def test_a46_one_file_in_two_splits(standard, other: str) -> None:
    standard.split(other, ["t03", "v" if other == "val" else "w"])
    (found,) = warnings(standard, "RC220")
    assert found.place.endswith("t03.png")
    assert found.got == f"in train and in {other}"


def test_trainval_shares_its_pictures_on_purpose(standard) -> None:
    standard.split("trainval", ["t00", "t01", "v"])
    assert Dataset.open(standard.root).report.problems == ()


def test_b12_an_empty_split(standard) -> None:
    standard.split("test", [])
    (found,) = warnings(standard, "RC221")
    assert found.place.endswith(": test")


def test_b12_a_split_without_objects(standard) -> None:
    standard.xml("v", [])
    (found,) = warnings(standard, "RC222")
    assert found.place.endswith(": val")


def test_b12_rare_classes(standard) -> None:
    standard.xml("t00", [("cat", 1, 1, 9, 9), ("owl", 11, 11, 20, 20)])
    found = warnings(standard, "RC226")
    assert [p.got for p in found] == ["owl: 1"]
    assert found[0].fix.startswith("add pictures of it, or leave the class out")


@pytest.mark.parametrize("name", ["catt", "act", "ca", "Cat s"])
def test_a_rare_class_may_be_a_misspelt_one(standard, name: str) -> None:
    standard.xml("t00", [(name, 1, 1, 9, 9), ("aardvark", 11, 11, 20, 20)])
    found = warnings(standard, "RC226")
    likely = f"{name}: 1; is 'cat' meant?"
    unlikely = f"{name}: 1"
    wanted = unlikely if name == "Cat s" else likely
    assert {p.got for p in found} == {wanted, "aardvark: 1"}
    if wanted == likely:
        assert found[0].got == likely  # it is the one that a summary shows


def test_of_two_rare_classes_the_rarer_may_be_the_misspelt_one(standard) -> None:
    boxes = [("Platelets", 1 + 9 * i, 1, 9 + 9 * i, 9) for i in range(4)]
    standard.xml("t00", [*boxes, ("Platelet", 1, 20, 9, 30)])
    assert [p.got for p in warnings(standard, "RC226")] == [
        "Platelet: 1; is 'Platelets' meant?",
        "Platelets: 4",
    ]


def test_a_class_that_is_named_but_not_there(standard) -> None:
    report = Dataset.open(standard.root, classes=["cat", "dog", "owl"]).report
    assert [(p.code, p.got) for p in report.problems] == [("RC269", "owl")]


def test_golden_classes_without_a_box_are_told_apart_from_rare_ones(standard) -> None:
    """One warning for all of them; a class of difficult boxes alone is a rare one."""
    names = [f"owl {n}" for n in range(30)]
    path = standard.root / "Annotations" / "t00.xml"
    path.write_text(path.read_text().replace(">dog<", ">elk<").replace("t>0<", "t>1<"))
    report = Dataset.open(standard.root, classes=["cat", "dog", "elk", *names]).report
    found = [(p.code, p.got) for p in report.problems]
    assert found == [("RC269", ", ".join(names[:20]) + ", ..."), ("RC226", "elk: 0")]


def test_nothing_in(tmp_path) -> None:
    assert check_splits({}, None, tmp_path) == []
