"""Which sources are videos: by content for files, by what was typed for all else."""

from pathlib import Path

import pytest
from PIL import Image

from frcnn.prediction.video.kinds import (
    VideoSource,
    is_named_as_video,
    is_video_file,
    kind_of_video,
    video_of_file,
    video_typed,
)

# --- golden


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x20ftypisom", "an MP4 or QuickTime video"),
        (b"\0\0\0\x14ftypqt  ", "an MP4 or QuickTime video"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "an MP4 or QuickTime video"),
        (b"RIFF\1\2\3\4AVI LIST", "an AVI video"),
        (b"\x1a\x45\xdf\xa3rest", "a Matroska or WebM video"),
        (b"OggS\0", "an Ogg video"),
        (b"FLV\1\5", "a Flash video"),
        (b"\0\0\1\xba\x44", "an MPEG video"),
        (b"G" + bytes(187) + b"G" + bytes(11), "an MPEG transport stream"),
        (bytes(4) + b"G" + bytes(191) + b"G", "an MPEG transport stream"),
    ],
)
def test_golden_beginnings(start: bytes, kind: str) -> None:
    assert kind_of_video(start) == kind


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"G",
        b"\xff\xd8\xff\xe0",
        b"RIFF\1\2\3\4WEBPVP8 ",
        b"\0\0\0\x1cftypheic",
        b"\0\0\0\x1cftypavif",
        b"\0\0\0\x1cftypmif1",
        b"GIF89a",
        b"Good morning, this is a text",
        b"#EXTM3U\n",
        b"ffconcat version 1.0\n",
    ],
)
def test_what_is_no_video(start: bytes) -> None:
    assert kind_of_video(start) is None


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("0", VideoSource(0, "webcam:0", "webcam-0", is_live=True)),
        ("webcam:12", VideoSource(12, "webcam:12", "webcam-12", is_live=True)),
        (
            "rtsp://me:word@cam/live/1",
            VideoSource("rtsp://me:word@cam/live/1", "rtsp://***@cam/live/1", "1", is_live=True),
        ),
        (
            "stream:http://cam:8080/video",
            VideoSource("http://cam:8080/video", "http://cam:8080/video", "video", is_live=True),
        ),
        (
            "https://host/a/film.MP4?token=x",
            VideoSource(
                "https://host/a/film.MP4?token=x", "https://host/a/film.MP4?token=***", "film.MP4"
            ),
        ),
    ],
)
def test_what_is_typed(text: str, want: VideoSource) -> None:
    assert video_typed(text) == want
    assert want.place == want.path


# --- nothing in, wrong in


@pytest.mark.parametrize(
    "text",
    ["", "film.mp4", "webcam:", "webcam:x", "1234", "-1", "stream:film.mp4", "http://host/a.jpg",
     "https://host/", "http:", "C:\\films\\a.mp4"],
)  # fmt: skip
def test_what_is_typed_and_no_video(text: str) -> None:
    assert video_typed(text) is None


def test_files_by_their_content(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "picture.mp4")
    (tmp_path / "film.dat").write_bytes(b"\0\0\0\x20ftypisom")
    assert not is_video_file(tmp_path / "picture.mp4")
    assert is_video_file(tmp_path / "film.dat")
    assert not is_video_file(tmp_path / "nowhere.mp4")
    assert not is_video_file(tmp_path)


def test_files_of_a_folder_by_their_ending() -> None:
    assert is_named_as_video(Path("a/film.MOV"))
    assert not is_named_as_video(Path("a/program.ts"))
    assert video_of_file(Path("a/film.mov"), "film.mov").is_live is False
