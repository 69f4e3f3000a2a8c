"""Writing VOC layout: the development kit's numbers, and all or nothing."""

import errno
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from frcnn.data.voc_annotation import VOCObject, read_annotation
from frcnn.demo.folder import SceneFolder
from frcnn.errors import ConfigError, DiskError

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
DIE = VOCObject(name="two", box=(3.0, 4.0, 20.0, 30.0), difficult=False)


def written(folder: Path, *objects: VOCObject) -> ElementTree.Element:
    """The annotation of a data set of one picture."""
    with SceneFolder(folder, 92) as out:
        out.add("train", PICTURE, objects)
    return ElementTree.parse(folder / "Annotations" / "scene_00000.xml").getroot()


def corners(root: ElementTree.Element) -> list[int]:
    names = ("xmin", "ymin", "xmax", "ymax")
    return [int(root.findtext(f"object/bndbox/{name}") or "") for name in names]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Golden by hand


def test_boxes_count_from_one_and_include_both_ends(tmp_path: Path) -> None:
    """Pixels 3 ... 19 and 4 ... 29 counted from 0 are 4 ... 20 and 5 ... 30 counted from 1."""
    assert corners(written(tmp_path / "a", DIE)) == [4, 5, 20, 30]


def test_the_whole_picture_is_one_to_its_size(tmp_path: Path) -> None:
    whole = VOCObject(name="one", box=(0.0, 0.0, 64.0, 48.0), difficult=False)
    assert corners(written(tmp_path / "a", whole)) == [1, 1, 64, 48]


def test_parts_of_a_pixel_are_rounded(tmp_path: Path) -> None:
    box = VOCObject(name="one", box=(2.6, 3.4, 10.4, 12.6), difficult=False)
    assert corners(written(tmp_path / "a", box)) == [4, 4, 10, 13]


def test_a_box_never_loses_its_area(tmp_path: Path) -> None:
    """Two pixels at least: VOC's corners of one pixel are the same, which is read as no box."""
    sliver = VOCObject(name="one", box=(5.1, 6.1, 5.4, 6.3), difficult=False)
    assert corners(written(tmp_path / "a", sliver)) == [6, 7, 7, 8]
    (found,) = read_annotation(tmp_path / "a" / "Annotations" / "scene_00000.xml").objects
    assert found.box == (5.0, 6.0, 7.0, 8.0)


def test_the_annotation_names_all_there_is(tmp_path: Path) -> None:
    root = written(tmp_path / "a", DIE, VOCObject(name="six", box=DIE.box, difficult=True))
    assert root.findtext("filename") == "scene_00000.jpg"
    size = [root.findtext(f"size/{name}") for name in ("width", "height", "depth")]
    assert size == ["64", "48", "3"]
    assert [thing.findtext("name") for thing in root.iter("object")] == ["two", "six"]
    assert [thing.findtext("difficult") for thing in root.iter("object")] == ["0", "1"]


def test_the_layout_of_a_data_set(tmp_path: Path) -> None:
    with SceneFolder(tmp_path / "dice", 92) as out:
        for split in ("test", "val", "train", "train"):
            out.add(split, PICTURE, (DIE,))
    assert names_in(tmp_path) == ["dice"]
    assert names_in(tmp_path / "dice") == ["Annotations", "ImageSets", "JPEGImages"]
    lists = tmp_path / "dice" / "ImageSets" / "Main"
    assert (lists / "test.txt").read_text() == "scene_00000\n"
    assert (lists / "val.txt").read_text() == "scene_00001\n"
    assert (lists / "train.txt").read_text() == "scene_00002\nscene_00003\n"
    assert len(names_in(tmp_path / "dice" / "JPEGImages")) == 4


def test_the_picture_is_kept_but_for_the_compression(tmp_path: Path) -> None:
    smooth = np.full((48, 64, 3), (200, 100, 50), np.uint8)
    with SceneFolder(tmp_path / "a", 92) as out:
        out.add("val", smooth, ())
    with Image.open(tmp_path / "a" / "JPEGImages" / "scene_00000.jpg") as image:
        assert image.format == "JPEG"
        assert np.abs(np.asarray(image).astype(int) - smooth).max() <= 3


def test_lower_quality_makes_smaller_files(tmp_path: Path) -> None:
    sizes = []
    for quality in (50, 95):
        with SceneFolder(tmp_path / str(quality), quality) as out:
            out.add("val", PICTURE, ())
        sizes.append((tmp_path / str(quality) / "JPEGImages/scene_00000.jpg").stat().st_size)
    assert sizes[0] < sizes[1]


# What always holds


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    with SceneFolder(tmp_path / "dice", 92) as out:
        out.add("train", PICTURE, (DIE,))
        assert not (tmp_path / "dice").exists()
        assert all(name.startswith(".dice.") for name in names_in(tmp_path))
    assert (tmp_path / "dice").is_dir()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_interrupted_draw_leaves_nothing(tmp_path: Path, kind: type[BaseException]) -> None:
    def draw() -> None:
        with SceneFolder(tmp_path / "dice", 92) as out:
            out.add("train", PICTURE, (DIE,))
            raise kind

    with pytest.raises(kind):
        draw()
    assert names_in(tmp_path) == []


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "dice").mkdir()
    written(tmp_path / "dice", DIE)
    assert len(names_in(tmp_path / "dice")) == 3


def test_folders_above_are_made(tmp_path: Path) -> None:
    written(tmp_path / "a" / "b" / "dice", DIE)
    assert (tmp_path / "a" / "b" / "dice").is_dir()


def test_what_a_killed_process_of_this_number_left_is_replaced(tmp_path: Path) -> None:
    with SceneFolder(tmp_path / "dice", 92):
        draft = next(tmp_path.iterdir())
    (draft / "JPEGImages").mkdir(parents=True)
    (draft / "JPEGImages" / "old.jpg").write_bytes(b"old")
    (tmp_path / "dice").rename(tmp_path / "other")
    written(tmp_path / "dice", DIE)
    assert names_in(tmp_path / "dice" / "JPEGImages") == ["scene_00000.jpg"]


# Nothing in


def test_a_picture_without_objects(tmp_path: Path) -> None:
    assert written(tmp_path / "a").find("object") is None


def test_a_split_without_pictures_has_an_empty_list(tmp_path: Path) -> None:
    written(tmp_path / "a", DIE)
    assert (tmp_path / "a" / "ImageSets" / "Main" / "val.txt").read_text() == ""


# Wrong in


def test_a_full_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="something here already") as caught:
        written(tmp_path, DIE)
    assert caught.value.code == "RC331"
    assert caught.value.place == str(tmp_path)
    assert names_in(tmp_path) == ["mine.txt"]


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dice").write_text("mine")
    with pytest.raises(ConfigError, match="RC331"):
        written(tmp_path / "dice", DIE)
    assert (tmp_path / "dice").read_text() == "mine"


def test_a_place_that_cannot_be_is_a_disk_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError) as caught:
        written(tmp_path / "file" / "dice", DIE)
    assert caught.value.code == "RC603"


def test_a_full_disk_is_said_and_the_draft_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(DiskError) as caught:
        written(tmp_path / "dice", DIE)
    assert caught.value.code == "RC601"
    assert names_in(tmp_path) == []


def test_a_disk_that_fills_at_the_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DiskError, match="RC601"):
        written(tmp_path / "dice", DIE)
    assert names_in(tmp_path) == []
