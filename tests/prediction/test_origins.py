"""Where pictures come from: what each gives to be decoded, and how errors name it."""

from pathlib import Path

import pytest

from frcnn.errors import PictureError
from frcnn.prediction import origins
from frcnn.prediction.loading import load
from frcnn.prediction.origins import PictureFile, PipedPicture, WebPicture, named_as


def test_golden_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "fetch", lambda address: address.encode())
    assert PictureFile(Path("a.png"), "a.png").content() == Path("a.png")
    assert PipedPicture("-", "stdin", b"abc").content() == b"abc"
    assert WebPicture("http://***@h/a", "a", "http://u@h/a").content() == b"http://u@h/a"


def test_errors_name_the_picture_not_its_bytes() -> None:
    picture = PipedPicture("-", "stdin", b"<html>")
    with pytest.raises(PictureError) as caught, named_as(picture):
        load(picture.content())
    assert (caught.value.code, caught.value.place) == ("RC101", "-")
    assert caught.value.got == "an HTML page"


def test_errors_of_files_stay_as_they_are(tmp_path: Path) -> None:
    picture = PictureFile(tmp_path / "a.png", "a.png")
    with pytest.raises(PictureError) as caught, named_as(picture):
        load(picture.content())
    assert caught.value.place == str(tmp_path / "a.png")
