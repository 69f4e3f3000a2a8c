"""expand: videos, lists, addresses, cameras and standard input."""

import io
import sys
from pathlib import Path

import pytest

from frcnn.prediction.origins import PictureFile, PipedPicture, WebPicture
from frcnn.prediction.sources import expand

FILM = b"\0\0\0\x20ftypisom" + bytes(40)


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def codes(*sources: str | Path) -> list[tuple[str, str]]:
    return [(problem.code, problem.place) for problem in expand(sources).problems]


# --- golden


def test_golden_videos_of_files_and_folders(photos: Path) -> None:
    (photos / "more" / "film.MOV").write_bytes(FILM)
    (photos / "film.dat").write_bytes(FILM)
    (photos / "program.ts").write_text("let x = 1")
    found = expand([photos, photos / "film.dat", f"{photos}/more/*"])
    assert len(found.pictures) == 5
    (photos / "a.png").rename(photos / "still.mp4")
    (photos / "text.mp4").write_text("no video")
    assert [picture.name for picture in expand([photos / "still.mp4"]).pictures] == ["still.mp4"]
    assert len(expand([photos / "text.mp4"]).videos) == 1  # and reported when it is opened
    assert [video.name for video in found.videos] == ["more/film.MOV", "film.dat"]
    assert found.problems == ()


def test_golden_a_list(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        "# first",
        "photos/a.png",
        "photos/more",
        "",
        "https://u:w@host/x.jpg",
        "photos/[cd].png",
    ]
    Path("list.txt").write_text("\n".join(lines))
    found = expand(["list.txt"])
    assert found.pictures == (
        PictureFile(Path("photos/a.png"), "a.png"),
        PictureFile(Path("photos/more/a.png"), "a.png"),
        WebPicture("https://***@host/x.jpg", "x.jpg", "https://u:w@host/x.jpg"),
        PictureFile(Path("photos/c.png"), "c.png"),
        PictureFile(Path("photos/d.png"), "d.png"),
    )
    assert found.problems == ()


def test_golden_standard_input_is_a_picture(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = (photos / "a.png").read_bytes()
    pipe(monkeypatch, data)
    assert expand(["-"]).pictures == (PipedPicture("-", "stdin", data),)


def test_golden_standard_input_is_a_list(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, f"{photos}/a.png\nBMW/nowhere.png\n".encode())
    found = expand(["/dev/stdin"])
    assert [picture.name for picture in found.pictures] == ["a.png"]
    assert [problem.place for problem in found.problems] == ["-:2"]
    assert "BMW/nowhere.png" in found.problems[0].got


def test_golden_cameras_and_streams() -> None:
    found = expand(["webcam:1", "rtsp://host/live", "https://host/film.mp4"])
    assert [(video.where, video.is_live) for video in found.videos] == [
        (1, True),
        ("rtsp://host/live", True),
        ("https://host/film.mp4", False),
    ]


# --- what always holds


def test_a_file_comes_before_what_its_name_could_mean(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("0", "webcam:1"):
        (photos / "a.png").rename(name)
        (photos / "b.png").rename(photos / "a.png") if name == "0" else None
    found = expand(["0", "webcam:1"])
    assert [picture.name for picture in found.pictures] == ["0", "webcam:1"]
    assert found.videos == ()


def test_each_address_once_and_told_apart_where_secrets_are_hidden() -> None:
    found = expand(["https://h/a?key=1", "https://h/a?key=2", "https://h/a?key=1"])
    assert [picture.path for picture in found.pictures] == [
        "https://h/a?key=***",
        "https://h/a?key=*** (2)",
    ]


def test_nothing_is_fetched_yet() -> None:
    assert len(expand(["https://example.com/a.jpg"]).pictures) == 1  # the tests have no network


# --- nothing in, wrong in


@pytest.mark.parametrize("data", [b"", b"# nothing\n"])
def test_nothing_on_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    pipe(monkeypatch, data)
    assert codes("-") == [("RC124", "-")]


def test_a_video_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, FILM)
    (problem,) = expand(["-"]).problems
    assert (problem.code, problem.fix) == ("RC124", "write it into a file, and name that")


def test_lists_within_lists_and_bad_lines(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"-\n{tmp_path}/list.txt\nnowhere.png\n")
    (tmp_path / "bytes.txt").write_bytes(b"a\0b")
    (tmp_path / "empty.txt").write_bytes(b"")
    assert codes(tmp_path / "list.txt", tmp_path / "bytes.txt", tmp_path / "empty.txt") == [
        ("RC124", f"{tmp_path}/list.txt:1"),
        ("RC124", f"{tmp_path}/list.txt:2"),
        ("RC114", f"{tmp_path}/list.txt:3"),
        ("RC124", f"{tmp_path}/bytes.txt"),
        ("RC124", f"{tmp_path}/empty.txt"),
    ]
