"""Every picture decoded once: what headers do not show."""

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.pixel_check import check_all, check_pixels
from frcnn.errors import PictureError


def test_a_good_split_stays_as_it_is(standard) -> None:
    split = Dataset.open(standard.root).split("train")
    usable, report = check_pixels(split)
    assert usable.fingerprint == split.fingerprint
    assert report.problems == ()


def test_cut_and_remarkable_pictures(standard) -> None:
    """Behind their headers: one is cut short, one is damaged, one has bytes after its end."""
    folder = standard.root / "JPEGImages"
    data = (folder / "t01.png").read_bytes()
    (folder / "t01.png").write_bytes(data[:-40])
    (folder / "t02.png").write_bytes(data.replace(b"IDATx", b"IDATy"))
    (folder / "t03.png").write_bytes(data + b"xyz")
    split = Dataset.open(standard.root).split("train")
    assert len(split) == 12
    before = {path: path.read_bytes() for path in folder.iterdir()}
    usable, report = check_pixels(split)
    assert usable.records == tuple(r for r in split.records if r.name not in ("t01", "t02"))
    assert [p.code for p in report.problems] == ["RC102", "RC103", "RC120"]
    assert [p.effect for p in report.problems] == ["picture skipped", "picture skipped", "none"]
    assert report.problems[2].got == "3 bytes after the end"
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_whole_data_set_each_picture_once(standard) -> None:
    """However much is wrong, and in whatever split: `trainval` names the same files again."""
    folder = standard.root / "JPEGImages"
    for name in ("t01", "t02"):
        (folder / f"{name}.png").write_bytes((folder / f"{name}.png").read_bytes()[:-40])
    (folder / "t03.png").write_bytes(b"no picture")
    main = standard.root / "ImageSets" / "Main"
    (main / "trainval.txt").write_text((main / "train.txt").read_text())
    with pytest.raises(PictureError, match="more than max_bad"):
        Dataset.open(standard.root)
    report = check_all(Dataset.open(standard.root, bad_data="report")).report
    skipped = [p.code for p in report.problems if p.effect == "picture skipped"]
    assert sorted(skipped) == ["RC101", "RC102", "RC102"]


def test_how_far_it_has_come(standard) -> None:
    seen: list[int] = []
    (standard.root / "JPEGImages" / "t02.png").write_bytes(b"no picture")
    data = Dataset.open(standard.root, bad_data="report")
    check_pixels(data.split("train"), on_picture=seen.append)
    assert seen == list(range(1, len(data.split("train")) + 1))


def test_nothing_in(standard) -> None:
    usable, report = check_pixels(Dataset.open(standard.root).split("train").subset([]))
    assert len(usable) == 0
    assert report.problems == ()
