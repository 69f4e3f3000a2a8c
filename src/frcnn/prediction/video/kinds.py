"""What is a video: by its content, where it is a file; by what was typed, where it is not.

film.mp4               a file whose content is a video's, whatever its name
https://host/film.mp4  an address with a video's ending
webcam:0               the first camera; plain 0 as well, where no file has that name
rtsp://host/stream     a stream; `stream:` makes one of any address, as `stream:http://host/cam`
"""

import re
from pathlib import Path
from typing import NamedTuple

from frcnn.errors import PictureError
from frcnn.ops.picture_header import open_regular
from frcnn.prediction.addresses import is_address, masked, name_of_address, suffix_of_address

SUFFIXES = (
    ".mp4",
    ".m4v",
    ".mov",
    ".avi",
    ".mkv",
    ".webm",
    ".mpg",
    ".mpeg",
    ".mts",
    ".m2ts",
    ".wmv",
    ".asf",
    ".flv",
    ".ogv",
    ".3gp",
)
"""Endings, in small letters, that are taken for videos in folders and addresses. Not `.ts`, which
is mostly program text; such a file is named itself."""
_MARKS = {
    b"\x1a\x45\xdf\xa3": "a Matroska or WebM video",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "a Windows Media video",
    b"\0\0\1\xba": "an MPEG video",
    b"\0\0\1\xb3": "an MPEG video",
    b"FLV\1": "a Flash video",
    b"OggS": "an Ogg video",
}
_PICTURES = (b"hei", b"hev", b"avi", b"mif1", b"msf1")  # brands of HEIF and AVIF
_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")  # with which QuickTime may begin
_PACKET = 188  # bytes of MPEG-TS
_CAMERA = re.compile(r"(?:webcam:)?([0-9]{1,3})")
_STREAM = "stream:"
_STREAMS = ("rtsp", "rtsps", "rtmp", "rtmps", "udp", "tcp", "srt")


class VideoSource(NamedTuple):
    """A video, a camera or a stream."""

    where: Path | str | int
    """A file, an address, or the number of a camera."""
    path: Path | str
    """What results call it: the file, or a text without passwords."""
    name: str
    """Its path inside the source, such as `clips/film.mp4`."""
    is_live: bool = False
    """It has no end, and cannot be looked at a second time."""

    @property
    def place(self) -> str:
        """How errors name it."""
        return str(self.path)


def kind_of_video(start: bytes) -> str | None:
    """Tell by its first bytes what kind of video a file is.

    Args:
        start: its first 200 bytes, or all of them.

    Returns:
        The kind for people, as `an MP4 or QuickTime video`; None for everything else.
    """
    if start[4:8] in _ATOMS:
        is_picture = start[4:8] == b"ftyp" and start[8:12].startswith(_PICTURES)
        return None if is_picture else "an MP4 or QuickTime video"
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "an AVI video"
    for first in (0, 4):  # .m2ts has a time of 4 bytes before each packet
        if start[first : first + 1] == b"G" == start[2 * first + _PACKET :][:1]:
            return "an MPEG transport stream"
    return next((kind for mark, kind in _MARKS.items() if start.startswith(mark)), None)


def is_video_file(path: Path) -> bool:
    """Tell a video by the content of its file; what cannot be opened is none."""
    try:
        with open_regular(path) as file:
            return kind_of_video(file.read(200)) is not None
    except (OSError, PictureError):
        return False


def is_named_as_video(path: Path) -> bool:
    """Tell whether a file in a folder has a video's ending."""
    return path.suffix.lower() in SUFFIXES


def video_of_file(path: Path, name: str) -> VideoSource:
    """Give a file as a video.

    Args:
        path: of the file.
        name: its path inside the source.

    Returns:
        The video.
    """
    return VideoSource(path, path, name)


def video_typed(text: str) -> VideoSource | None:
    """Read a source that is no file: a camera, a stream, a video on the web.

    Args:
        text: as it was typed; no file has that name.

    Returns:
        The camera, stream or video; None where it is none.
    """
    camera = _CAMERA.fullmatch(text)
    if camera:
        number = int(camera[1])
        return VideoSource(number, f"webcam:{number}", f"webcam-{number}", is_live=True)
    address = text.removeprefix(_STREAM)
    if not is_address(address):
        return None
    is_live = text.startswith(_STREAM) or address.split(":")[0].lower() in _STREAMS
    if is_live or suffix_of_address(address) in SUFFIXES:
        name = name_of_address(address, "stream")
        return VideoSource(address, masked(address), name, is_live=is_live)
    return None
