"""Diary: whole lines are true, a torn one is cut off, results of two runs never mix."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from frcnn.errors import ConfigError, DiskError
from frcnn.prediction.diary import NAME, Diary, stamp_of

ABOUT = {"weights": "a", "conf": 0.5, "only": None}
FAULT = {"problem": {"code": "RC101", "what": "no picture"}}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(b"123")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def found(*objects: int) -> dict[str, Any]:
    return {"width": 5, "objects": list(objects)}


def test_golden_what_is_written(out: Path, picture: Path) -> None:
    diary = Diary(out, ABOUT)
    diary.add(picture, found(1))
    head, line = (json.loads(text) for text in (out / NAME).read_text().splitlines())
    assert head == {"run": ABOUT}
    status = picture.stat()
    assert line == {
        "path": str(picture),
        "stamp": [status.st_size, status.st_mtime_ns],
        "width": 5,
        "objects": [1],
    }
    assert [p.row for p in diary.pictures()] == [{"path": str(picture), "width": 5, "objects": [1]}]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"images": True}, ["pictures"]),
        ({"images": False}, []),
        ({"images": True, "crops": True}, ["pictures", "crops"]),
        ({"images": False, "crops": True}, ["crops"]),
        ({}, []),
    ],
)
def test_it_knows_which_folders_have_pictures(
    out: Path, said: dict[str, bool], names: list[str]
) -> None:
    assert Diary.drawn_in(out) == []
    Diary(out, {**ABOUT, **said})
    assert Diary.drawn_in(out) == names


def test_what_is_done_stays_done(out: Path, picture: Path) -> None:
    assert not Diary.is_in(out)
    diary = Diary(out, ABOUT)
    assert Diary.is_in(out)
    assert not diary.is_done(picture)
    diary.add(picture, found())
    assert diary.is_done(picture)
    again = Diary(out, dict(reversed(ABOUT.items())))
    assert again.is_done(picture)
    assert len(list(again.pictures())) == 1
    assert len((out / NAME).read_text().splitlines()) == 2


def test_a_written_name_belongs_to_its_picture(out: Path, picture: Path) -> None:
    diary = Diary(out, ABOUT)
    other = picture.with_name("b.png")
    assert diary.is_free("pictures/a.png", other)
    diary.add(picture, {**found(), "image": "pictures/a.png"})
    for each in (diary, Diary(out, ABOUT)):
        assert each.is_free("pictures/a.png", picture)
        assert not each.is_free("pictures/A.png", other)
        assert each.is_free("pictures/b.png", other)


def test_a_picture_that_changed_is_not_done(out: Path, picture: Path) -> None:
    Diary(out, ABOUT).add(picture, found())
    picture.write_bytes(b"1234")
    assert not Diary(out, ABOUT).is_done(picture)
    picture.unlink()
    assert not Diary(out, ABOUT).is_done(picture)


def test_of_two_lines_the_later_counts(out: Path, picture: Path) -> None:
    diary = Diary(out, ABOUT)
    diary.add(picture, FAULT)
    diary.add(picture.with_name("b.png"), found(2))
    assert not diary.is_done(picture)
    assert list(diary.problems()) == [FAULT["problem"]]
    diary.add(picture, found(1))
    assert [p.objects for p in diary.pictures()] == [[2], [1]]
    assert list(diary.problems()) == []


def test_the_same_fault_is_written_once(out: Path, picture: Path) -> None:
    for _ in range(3):
        Diary(out, ABOUT).add(picture, FAULT)
    assert len((out / NAME).read_text().splitlines()) == 2
    picture.write_bytes(b"other")
    Diary(out, ABOUT).add(picture, FAULT)
    assert len((out / NAME).read_text().splitlines()) == 3
    assert len(list(Diary(out, ABOUT).problems())) == 1


@pytest.mark.parametrize("kept", range(0, 400, 7))
def test_cut_anywhere_it_goes_on(out: Path, picture: Path, kept: int) -> None:
    """However much of the file a kill left: whole lines count, the rest is done again."""
    other = picture.with_name("b.png")
    diary = Diary(out, ABOUT)
    diary.add(picture, found(1))
    diary.add(other, found(2))
    whole = (out / NAME).read_bytes()
    (out / NAME).write_bytes(whole[:kept])
    again = Diary(out, ABOUT)
    for path, row in ((picture, found(1)), (other, found(2))):
        if not again.is_done(path):
            again.add(path, row)
    assert (out / NAME).read_bytes() == whole
    assert len(list(again.pictures())) == 2


def test_an_interrupt_between_line_and_memory_loses_nothing(out: Path, picture: Path) -> None:
    first, second = Diary(out, ABOUT), Diary(out, ABOUT)
    second.add(picture, found(1))  # a line that `first` does not remember
    assert len(list(first.pictures())) == 1


@pytest.mark.parametrize("name", ["a\nb.png", "ünï 🐈.png", 'q".png', "\udcff.png"])
def test_odd_names(out: Path, name: str) -> None:
    path = out.parent / name
    path.write_bytes(b"")
    Diary(out, ABOUT).add(path, found())
    assert Diary(out, ABOUT).is_done(path)


@pytest.mark.parametrize(
    ("about", "named"),
    [
        ({**ABOUT, "conf": 0.6}, "conf 0.5, want conf 0.6"),
        ({**ABOUT, "weights": "b"}, "weights a, want weights b"),
        ({**ABOUT, "more": 1}, "more None, want more 1"),
        ({}, "conf None, only None"),
    ],
)
def test_a_run_of_other_settings_is_refused(out: Path, about: dict[str, Any], named: str) -> None:
    Diary(out, ABOUT)
    before = (out / NAME).read_bytes()
    if about == {}:
        named = "conf 0.5, weights a, want conf None, weights None"
    with pytest.raises(ConfigError, match="RC388") as caught:
        Diary(out, about)
    assert named in str(caught.value)
    assert (out / NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("line", "number"),
    [("not json", 2), ("[]", 2), ('{"path": "a"}', 2), ('{"x": 1}', 2), ("", 2)],
)
def test_a_damaged_line_is_named(out: Path, line: str, number: int) -> None:
    Diary(out, ABOUT)
    with (out / NAME).open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(ConfigError, match=rf"RC388.*{NAME}:{number}: the line is damaged"):
        Diary(out, ABOUT)


def test_a_damaged_head(out: Path) -> None:
    (out / NAME).write_text('{"path": "a", "stamp": []}\n')
    with pytest.raises(ConfigError, match=rf"{NAME}:1"):
        Diary(out, ABOUT)


def test_a_folder_in_its_place(out: Path) -> None:
    (out / NAME).mkdir()
    with pytest.raises(DiskError, match="RC603"):
        Diary(out, ABOUT)


def test_numbers_that_json_has_not(out: Path, picture: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Diary(out, ABOUT).add(picture, {"score": float("nan")})
    assert len((out / NAME).read_text().splitlines()) == 1


def test_stamps(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert stamp_of(path) == []
    path.write_bytes(b"12")
    os.utime(path, ns=(5, 7))
    assert stamp_of(path) == [2, 7]


# --- videos


def test_a_video_is_begun_then_done(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    row = {"inside": "film.mp4", "stem": "film.mp4", "frames": "frames/film.mp4.jsonl"}
    diary = Diary(tmp_path, ABOUT)
    assert not diary.has_frames(film)
    diary.add(film, {**row, "begun": True})
    (tmp_path / "frames").mkdir()
    (tmp_path / row["frames"]).write_text('{"frame": 2, "time": 0.1, "objects": []}\n{"fra')
    for each in (diary, Diary(tmp_path, ABOUT)):
        assert (each.is_done(film), each.has_frames(film)) == (False, True)
        (frame,) = each.pictures()
        assert (frame.inside, frame.stem) == ("film.mp4_000002.jpg", "film.mp4_000002")
        assert list(each.videos()) == []
    diary.add(film, {**row, "width": 4, "problem": {"code": "RC121"}})
    assert list(diary.videos()) == [{"path": str(film), "width": 4}]
    assert (diary.is_done(film), list(diary.problems())) == (False, [{"code": "RC121"}])
    diary.add(film, {**row, "width": 4})
    assert diary.is_done(film)
    film.write_bytes(b"another")
    assert not diary.is_done(film)
    assert not diary.has_frames(film)


def test_what_is_no_file_is_done_but_never_gone_on_with(tmp_path: Path) -> None:
    diary = Diary(tmp_path, ABOUT)
    address = "https://***@host/a.mp4"
    diary.add(address, {"frames": "frames/a", "begun": True})
    assert not diary.has_frames(address)
    diary.add(address, {"frames": "frames/a"})
    assert Diary(tmp_path, ABOUT).is_done(address)
    assert stamp_of(address) == []
