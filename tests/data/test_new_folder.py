"""A folder whole or not at all."""

from pathlib import Path

import pytest

from frcnn.data.new_folder import new_folder
from frcnn.errors import ConfigError, DiskError


@pytest.mark.parametrize("exists", [False, True])
def test_golden(tmp_path: Path, exists: bool) -> None:
    place = tmp_path / "new"
    if exists:
        place.mkdir()
    with new_folder(place) as draft:
        (draft / "a").write_text("x")
        assert not (place / "a").exists()
    assert (place / "a").read_text() == "x"
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


def test_nothing_is_there_after_an_error(tmp_path: Path) -> None:
    def interrupted() -> None:
        with new_folder(tmp_path / "new") as draft:
            (draft / "a").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_wrong_in_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    for place in (tmp_path, tmp_path / "a"):
        with pytest.raises(ConfigError, match="RC331"), new_folder(place):
            pytest.fail("entered")
    assert (tmp_path / "a").read_text() == "mine"


def test_wrong_in_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError), new_folder(tmp_path / "file" / "new"):
        pytest.fail("entered")
