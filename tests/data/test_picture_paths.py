"""From a written name to a file: B17 and B18 of the catalogue for names in annotation files."""

import unicodedata
from pathlib import Path

import pytest

from frcnn.data.picture_paths import (
    Names,
    PictureFinder,
    another_machine,
    count_others,
    leads_out,
    require_inside,
    require_own_path,
    within,
)
from frcnn.errors import AnnotationError


def test_golden_the_first_folder_counts(shelf) -> None:
    second = shelf.picture("two/a.png")
    finder = PictureFinder(
        [shelf.root / "none", shelf.root / "one", shelf.root / "two"], shelf.root
    )
    assert finder.find("a.png", "x") == second
    first = shelf.picture("one/a.png")
    finder = PictureFinder([shelf.root / "one", shelf.root / "two"], shelf.root)
    assert finder.find("a.png", "x") == first
    assert finder.used == {shelf.root / "one"}


@pytest.mark.parametrize(
    "name", ["ü b.png", "-a.png", "it's.png", "📷.png", "sub/a.png", "~a.png", "a\nb.png"]
)
def test_b18_odd_names(shelf, name: str) -> None:
    path = shelf.picture(name)
    assert PictureFinder([shelf.root], shelf.root).find(name, "x") == path


def test_b18_another_form_of_a_letter_and_another_systems_slashes(shelf) -> None:
    path = shelf.picture(f"s/{unicodedata.normalize('NFD', 'ü')}.png")
    assert PictureFinder([shelf.root / "s"], shelf.root).find("ü.png", "x") == path
    plain = shelf.picture("s/a.png")
    assert PictureFinder([shelf.root], shelf.root).find("s\\a.png", "x") == plain


@pytest.mark.parametrize(
    "name",
    [
        "../a.png",
        "s/../../a.png",
        "/etc/passwd",
        "C:\\a.png",
        "\\\\host\\a.png",
        "~/a.png",
        "https://host/a.png",
        "file:///etc/passwd",
        "a\x00.png",
        "..\\a.png",
    ],
)
def test_b17_names_that_lead_out_are_refused(shelf, name: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        PictureFinder([shelf.root], shelf.root).find(name, "here")
    assert (caught.value.code, caught.value.place) == ("RC276", "here")


def test_b17_an_address_is_shown_as_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError) as caught:
        require_own_path("http://x/b.jpg", "here")
    assert caught.value.got == "http://x/b.jpg"
    assert "http://x/b.jpg" in another_machine(tmp_path, "<path>", ["http://x/b.jpg"]).got


def test_b17_links_that_lead_out_are_not_followed(shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.png").write_bytes(b"x")
    (shelf.root / "a.png").symlink_to(outside / "a.png")
    (shelf.root / "sub").symlink_to(outside)
    for name in ("a.png", "sub/a.png"):
        with pytest.raises(AnnotationError, match="RC224"):
            PictureFinder([shelf.root], shelf.root).find(name, "x")


def test_links_within_and_to_a_whole_folder_are_followed(shelf) -> None:
    real = shelf.picture("real/a.png")
    (shelf.root / "real" / "b.png").symlink_to(real)
    (shelf.root / "images").symlink_to(shelf.root / "real")
    finder = PictureFinder([shelf.root / "images"], shelf.root)
    assert finder.find("b.png", "x") == shelf.root / "images" / "b.png"
    require_inside(shelf.root / "real" / "b.png", shelf.root)


def test_a_link_from_one_folder_of_the_data_into_another_is_followed(shelf) -> None:
    shelf.picture("store/a.png")
    (shelf.root / "images" / "sub").mkdir(parents=True)
    (shelf.root / "images" / "a.png").symlink_to("../store/a.png")
    (shelf.root / "images" / "sub" / "a.png").symlink_to("../../store/a.png")
    finder = PictureFinder([shelf.root / "images"], shelf.root)
    for name in ("a.png", "sub/a.png"):
        assert finder.find(name, "x") == shelf.root / "images" / name
    narrow = PictureFinder([shelf.root / "images"], shelf.root / "images")
    with pytest.raises(AnnotationError, match="RC224") as caught:
        narrow.find("a.png", "x")
    assert caught.value.want == f"a file in {shelf.root / 'images'}"


def test_golden_the_one_folder_below_that_has_a_picture(shelf) -> None:
    shelf.picture("my_photos/a.png")
    shelf.picture("others/c.png")
    shelf.picture(".hidden/a.png")
    finder = PictureFinder([shelf.root], shelf.root)
    finder.look_below(["../a.png", "gone.png", "a.png", "b.png"])
    assert finder.folders == [shelf.root, shelf.root / "my_photos"]
    assert finder.find("a.png", "x") == shelf.root / "my_photos" / "a.png"


def test_no_folder_below_where_several_fit_or_none_is_needed(shelf) -> None:
    for name in ("one/a.png", "two/a.png", "two/b.png", "c.png"):
        shelf.picture(name)
    for names in (["a.png"], ["c.png", "b.png"], [], ["gone.png"]):
        finder = PictureFinder([shelf.root], shelf.root)
        finder.look_below(names)
        assert finder.folders == [shelf.root]


def test_a_folder_below_with_a_name_in_another_form(shelf) -> None:
    shelf.picture(f"photos/{unicodedata.normalize('NFD', 'ü')}.png")
    finder = PictureFinder([shelf.root], shelf.root)
    finder.look_below(["ü.png"])
    assert finder.folders[1:] == [shelf.root / "photos"]


@pytest.mark.parametrize("name", ["none.png", "x" * 300 + ".png", "folder"])
def test_b09_what_is_not_there(shelf, name: str) -> None:
    (shelf.root / "folder").mkdir()
    with pytest.raises(AnnotationError) as caught:
        PictureFinder([shelf.root], shelf.root).find(name, "here")
    assert (caught.value.code, caught.value.place) == ("RC216", "here")
    assert str(shelf.root) in caught.value.want


def test_own_paths_keep_their_words() -> None:
    assert require_own_path("a/b..c/d.png", "x") == "a/b..c/d.png"


def test_every_picture_has_a_name_of_its_own() -> None:
    names = Names()
    given = [names.of(Path(p)) for p in ("r/s/a.png", "r/s/a.jpg", "r/t/a.png", "r/t/b.png")]
    assert given == ["a", "a.jpg", "a.png", "b"]
    assert len({*given, names.of(Path("r/u/a.png"))}) == 5


def test_pictures_beside_the_known_ones_are_counted(shelf) -> None:
    known = {shelf.picture("a.png")}
    shelf.picture("b.png")
    shelf.picture(".hidden.png")
    shelf.text("c.txt", "")
    assert count_others([shelf.root], known) == 1
    assert count_others([], known) == 0


@pytest.mark.parametrize(
    "name", ["/a", "../a", "a/../b", "C:\\a", "\\a", "~/a", "http://x/a", "a\0"]
)
def test_b17_what_leads_out(name: str) -> None:
    assert leads_out(name)


@pytest.mark.parametrize("name", ["", "a", "a/b.jpg", "a..b", "..a", "ä ö", "a\\b"])
def test_what_stays_inside(name: str) -> None:
    assert not leads_out(name)


def test_another_machine_is_one_warning_with_a_count(tmp_path: Path) -> None:
    problem = another_machine(tmp_path, "<path>", ["/home/a.jpg", "/home/b.jpg"])
    assert (problem.code, problem.severity) == ("RC267", "warning")
    assert problem.got == "2 x <path>, as in /home/a.jpg"


def test_names_within_the_data(tmp_path: Path) -> None:
    assert within(tmp_path / "a" / "b.png", tmp_path) == "a/b.png"
    assert within(Path("/x/b.png"), tmp_path) == "/x/b.png"
