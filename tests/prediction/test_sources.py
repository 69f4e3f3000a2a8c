"""expand: files, folders and patterns, each picture once, names inside their source."""

import os
import shutil
from pathlib import Path

import pytest

from frcnn.prediction import sources
from frcnn.prediction.diary import NAME, Diary
from frcnn.prediction.sources import expand


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def names(*given: str | Path) -> list[str]:
    return [picture.name for picture in expand(given).pictures]


# --- golden by hand


def test_golden_a_folder_is_gone_through_and_sorted(photos: Path) -> None:
    found = expand([photos])
    assert [p.name for p in found.pictures] == ["a.png", "b.png", "c.png", "d.png", "more/a.png"]
    assert found.pictures[4].path == photos / "more" / "a.png"
    assert found.problems == ()


def test_a_file_is_taken_whatever_its_name(photos: Path) -> None:
    shutil.copy(photos / "a.png", photos / "scan.001")
    shutil.copy(photos / "a.png", photos / "picture.txt")
    assert names(photos / "scan.001", photos / "picture.txt") == ["scan.001", "picture.txt"]
    assert names(photos / "scan.001", photos / "notes") == ["scan.001"]


def test_patterns(photos: Path) -> None:
    assert names(photos / "[ab].png") == ["a.png", "b.png"]
    assert names(f"{photos}/**/a.png") == ["a.png", "more/a.png"]
    assert names(f"{photos}/*") == ["a.png", "b.png", "c.png", "d.png"]  # no text, no folder
    assert names(f"{photos}/m*/?.png") == ["more/a.png"]


def test_sources_stay_in_the_order_given(photos: Path) -> None:
    assert names(photos / "c.png", photos / "a.png") == ["c.png", "a.png"]


def test_a_name_with_wildcards_that_exists_is_no_pattern(tmp_path: Path) -> None:
    touch(tmp_path / "a[1].png", tmp_path / "a1.png")
    assert names(tmp_path / "a[1].png") == ["a[1].png"]


def test_relative_sources(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    assert names("*.png", ".")[-1] == "more/a.png"
    assert names("a.png") == ["a.png"]


@pytest.mark.parametrize(
    "name", ["with space.png", "-rf.png", "ünï.png", "q'\".png", "🐈.png", "a\nb.png", "X.PNG"]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "in" / name)
    assert names(tmp_path / "in") == [name]


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.png"))
    touch(path)
    assert expand([tmp_path]).pictures[0].path == path


# --- what always holds


def test_each_file_once(photos: Path, tmp_path: Path) -> None:
    os.symlink(photos / "a.png", tmp_path / "link.png")
    found = expand([photos, photos / "a.png", f"{photos}/*.png", tmp_path / "link.png"])
    assert len(found.pictures) == 5
    assert found.problems == ()


def test_no_name_leads_out_of_the_folder_of_results(photos: Path) -> None:
    touch(photos.parent / "up.png", photos / "more" / "deep" / "x.png")
    for pattern in (f"{photos}/*/../../up.png", f"{photos}/../*.png", f"{photos}/*/../*.png"):
        assert names(pattern)
        assert not [name for name in names(pattern) if ".." in Path(name).parts]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "._a.png", tmp_path / ".cache" / "b.png", tmp_path / "c.png")
    assert names(tmp_path) == ["c.png"]


def test_a_folder_named_like_a_picture(tmp_path: Path) -> None:
    touch(tmp_path / "album.png" / "a.png")
    assert names(tmp_path) == ["album.png/a.png"]
    assert names(f"{tmp_path}/*.png") == []


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    os.symlink(tmp_path, tmp_path / "loop")
    assert names(tmp_path) == ["a.png"]


def test_a_dangling_link_is_a_source_that_cannot_be_read(tmp_path: Path) -> None:
    os.symlink(tmp_path / "none", tmp_path / "a.png")
    assert names(tmp_path / "a.png") == ["a.png"]  # reading it says what is wrong


# --- nothing in, wrong in


def test_no_sources() -> None:
    assert expand([]) == expand(())
    assert expand([]).pictures == ()


@pytest.mark.parametrize("source", ["none.jpg", "none/", "*.jpg", "empty"])
def test_sources_without_pictures_are_problems(tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    found = expand([tmp_path / source])
    assert found.pictures == ()
    (problem,) = found.problems
    assert problem.code == "RC114"
    assert str(tmp_path) in problem.place
    assert "folder without pictures" in problem.got or source != "empty"
    assert problem.fix


def test_other_sources_go_on(photos: Path) -> None:
    found = expand([photos / "none.jpg", photos / "a.png"])
    assert len(found.pictures) == len(found.problems) == 1


def test_a_folder_that_may_not_be_read(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(folder: Path, onerror):  # permissions do not stop root
        yield str(folder), [], ["a.png"]
        onerror(PermissionError(13, "Permission denied", str(folder / "more")))

    monkeypatch.setattr(sources.os, "walk", walk)
    found = expand([photos])
    assert [p.name for p in found.pictures] == ["a.png"]
    (problem,) = found.problems
    assert (problem.code, problem.got) == ("RC115", "Permission denied")
    assert problem.place == str(photos / "more")


def test_pictures_of_an_earlier_prediction_are_left_out(photos: Path) -> None:
    """Results that were written into the folder that was looked at."""
    Diary(photos, {"images": True})
    touch(photos / "pictures" / "a.png", photos / "more" / "pictures" / "b.png")
    found = expand([photos])
    assert [p.name for p in found.pictures][-2:] == ["more/a.png", "more/pictures/b.png"]
    assert found.left_out == (photos / "pictures",)
    assert names(photos / "pictures") == ["a.png"]  # named, they are wanted


def test_cut_out_objects_are_left_out_too(photos: Path) -> None:
    Diary(photos, {"images": False, "crops": True})
    touch(photos / "pictures" / "a.png", photos / "crops" / "b.png")
    found = expand([photos])
    assert [p.name for p in found.pictures][-2:] == ["more/a.png", "pictures/a.png"]
    assert found.left_out == (photos / "crops",)


@pytest.mark.parametrize(
    "head", [None, "", "[]", '{"run": {"images": false}}', '{"run": 3}', "[" * 200_000, "\xff"]
)
def test_a_folder_of_that_name_may_be_anybodys(photos: Path, head: str | None) -> None:
    touch(photos / "pictures" / "a.png")
    if head is not None:
        (photos / NAME).write_text(head)
    assert "pictures/a.png" in names(photos)
    assert expand([photos]).left_out == ()


def test_a_pipe_of_that_name_is_not_waited_for(photos: Path) -> None:
    touch(photos / "pictures" / "a.png")
    os.mkfifo(photos / NAME)
    assert "pictures/a.png" in names(photos)


def test_a_source_with_nothing_else_says_so(tmp_path: Path) -> None:
    Diary(tmp_path, {"images": True})
    touch(tmp_path / "pictures" / "a.png")
    (problem,) = expand([tmp_path]).problems
    assert problem.code == "RC114"
    assert problem.got == "only pictures that a prediction drew, in pictures"
    assert str(tmp_path / "pictures") in problem.fix
