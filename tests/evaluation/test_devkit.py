"""The devkit's results files: what is written comes back, and what is wrong is named by line."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from frcnn.errors import AnnotationError, ConfigError, DiskError
from frcnn.evaluation.devkit import read_results, write_results
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.voc import voc
from frcnn.types import Detections


def detections(*rows: tuple[tuple[float, ...], float, int]) -> Detections:
    """From (box, score, label)."""
    return Detections(
        boxes=torch.tensor([row[0] for row in rows], dtype=torch.float32).reshape(-1, 4),
        scores=torch.tensor([row[1] for row in rows], dtype=torch.float32),
        labels=torch.tensor([row[2] for row in rows], dtype=torch.int64),
    )


def texts(folder: Path) -> Mapping[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def read_line(folder: Path, line: str, names: tuple[str, ...] = ("000012",)) -> Detections:
    """Read one line of class x."""
    (folder / "comp4_det_test_x.txt").write_text(line)
    return read_results(folder, names, ["x"])[names[0]]


def refused(folder: Path, line: str) -> AnnotationError:
    with pytest.raises(AnnotationError) as caught:
        read_line(folder, line)
    return caught.value


def test_golden_lines(tmp_path: Path) -> None:
    found = {
        "000012": detections(((156.2, 97.0, 350.9, 268.4), 0.99812, 0)),
        "000004": detections(((0.0, 0.0, 9.0, 9.0), 0.5, 0), ((1.0, 2.0, 3.0, 4.0), 0.7, 1)),
    }
    paths = write_results(tmp_path, found, ["x", "y"])
    assert [path.name for path in paths] == ["comp4_det_test_x.txt", "comp4_det_test_y.txt"]
    assert paths[0].read_text() == (
        "000004 0.500 1.0 1.0 9.0 9.0\n000012 0.998 157.2 98.0 350.9 268.4\n"
    )
    assert paths[1].read_text() == "000004 0.700 2.0 3.0 3.0 4.0\n"


def test_golden_read(tmp_path: Path) -> None:
    """A line as the devkit's own example has it: whole pixels, six decimals."""
    got = read_line(tmp_path, "000012 0.702732 89 112 516 466\n")
    assert got.boxes.tolist() == [[88.0, 111.0, 516.0, 466.0]]
    assert got.scores.tolist() == pytest.approx([0.702732])
    assert got.labels.tolist() == [0]


def test_highest_score_first(tmp_path: Path) -> None:
    found = {"a": detections(((0, 0, 9, 9), 0.2, 0), ((1, 1, 9, 9), 0.9, 0))}
    (path,) = write_results(tmp_path, found, ["x"])
    assert [line.split()[1] for line in path.read_text().splitlines()] == ["0.900", "0.200"]


def test_unsorted_lines_are_sorted_b19(tmp_path: Path) -> None:
    got = read_line(tmp_path, "000012 0.2 1 1 5 5\n000012 0.9 2 2 5 5\n000012 0.2 3 3 5 5\n")
    assert got.scores.tolist() == pytest.approx([0.9, 0.2, 0.2])
    assert got.boxes[:, 0].tolist() == [1.0, 0.0, 2.0]


@pytest.mark.parametrize("seed", range(20))
def test_round_trip(random_pairs, tmp_path: Path, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    found = {pair.name: pair.detections for pair in pairs}
    write_results(tmp_path / "one", found, classes)
    back = read_results(tmp_path / "one", list(found), classes)
    assert list(back) == list(found)
    for name, before in found.items():
        after = back[name]
        assert len(after.scores) == len(before.scores)
        for label in range(len(classes)):
            mine = before.labels == label
            order = before.scores[mine].argsort(descending=True, stable=True)
            boxes = before.boxes[mine][order]
            got = after.boxes[after.labels == label]
            torch.testing.assert_close(got, boxes, rtol=0, atol=0.0501)
            scores = before.scores[mine][order]
            got_scores = after.scores[after.labels == label]
            torch.testing.assert_close(got_scores, scores, rtol=0, atol=0.000501)
    write_results(tmp_path / "two", back, classes)
    assert texts(tmp_path / "one") == texts(tmp_path / "two"), "rounded once, not twice"


@pytest.mark.parametrize("seed", range(10))
def test_the_figures_survive_the_trip(random_pairs, tmp_path: Path, seed: int) -> None:
    """Up to what the rounding does to ties and thresholds."""
    pairs, classes = random_pairs(seed)
    write_results(tmp_path, {pair.name: pair.detections for pair in pairs}, classes)
    back = read_results(tmp_path, [pair.name for pair in pairs], classes)
    again = [Judged(name=p.name, detections=back[p.name], target=p.target) for p in pairs]
    before, after = voc(pairs, classes).map_area, voc(again, classes).map_area
    assert (before is None) == (after is None)
    assert before is None or abs(before - after) < 0.02


def test_every_class_has_a_file_and_every_picture_an_entry(tmp_path: Path) -> None:
    write_results(tmp_path, {"a": Detections.empty()}, ["x", "y"], split="val")
    assert texts(tmp_path) == {"comp4_det_val_x.txt": "", "comp4_det_val_y.txt": ""}
    got = read_results(tmp_path, ["a", "b"], ["x", "y"], split="val")
    assert {name: len(found.boxes) for name, found in got.items()} == {"a": 0, "b": 0}


def test_nothing_in(tmp_path: Path) -> None:
    assert write_results(tmp_path, {}, []) == []
    assert read_results(tmp_path, [], []) == {}


@pytest.mark.parametrize("name", ["two words", "ümlaut", "猫", "it's", "-dash", "a.b", "\udcff"])
def test_names_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    found = {name: detections(((0, 0, 9, 9), 0.5, 0))}
    write_results(tmp_path, found, ["a class"])
    assert len(read_results(tmp_path, [name], ["a class"])[name].boxes) == 1


def test_tabs_many_spaces_and_blank_lines_are_read(tmp_path: Path) -> None:
    assert len(read_line(tmp_path, "\n000012\t0.5  1 1\t9 9 \r\n\n").boxes) == 1


def test_other_files_stay_and_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "comp4_det_train_z.txt").write_text("not ours")
    (tmp_path / "readme.txt").write_text("not ours")
    write_results(tmp_path, {}, ["x"])
    assert read_results(tmp_path, [], ["x"]) == {}
    assert (tmp_path / "comp4_det_train_z.txt").read_text() == "not ours"


def test_scores_of_any_scale_b19(tmp_path: Path) -> None:
    got = read_line(tmp_path, "000012 17.5 1 1 9 9\n000012 -3 1 1 9 9\n")
    assert got.scores.tolist() == [17.5, -3.0]


def test_more_than_a_hundred_in_a_picture_b19(tmp_path: Path) -> None:
    assert len(read_line(tmp_path, "000012 0.5 1 1 9 9\n" * 150).boxes) == 150


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize("place", range(1, 6))
def test_numbers_that_are_not_finite_b19(tmp_path: Path, bad: str, place: int) -> None:
    parts = ["000012", "0.5", "1", "1", "9", "9"]
    parts[place] = bad
    error = refused(tmp_path, "000012 0.5 1 1 9 9\n" + " ".join(parts))
    assert error.code == "RC243"
    assert error.place == f"{tmp_path / 'comp4_det_test_x.txt'}:2"
    assert bad in error.got


@pytest.mark.parametrize(
    "line", ["000012", "000012 0.5 1 1 9", "0.5 1 1 9 9", "000012 0.5 1 1 9 nine", "a,b,c,d,e,f"]
)
def test_lines_of_another_form_b19(tmp_path: Path, line: str) -> None:
    error = refused(tmp_path, f"\n\n{line}\n")
    assert error.code == "RC242"
    assert error.place.endswith("comp4_det_test_x.txt:3")
    assert "NAME SCORE XMIN YMIN XMAX YMAX" in str(error)


def test_an_unknown_picture_b19(tmp_path: Path) -> None:
    error = refused(tmp_path, "000013 0.5 1 1 9 9")
    assert (error.code, error.got) == ("RC244", "'000013'")
    assert error.place.endswith(":1")
    assert "such as '000012'" in error.want
    assert "such as" not in refused(tmp_path, "cat 0.5 1 1 9 9").want


def test_an_unknown_class_b19(tmp_path: Path) -> None:
    write_results(tmp_path, {}, ["platelets", "red cells"])
    with pytest.raises(AnnotationError, match="unknown class") as e:
        read_results(tmp_path, [], ["platelet", "red cells"])
    assert (e.value.code, e.value.got) == ("RC241", "platelets")
    assert "is it platelet?" in e.value.fix
    with pytest.raises(AnnotationError, match="move the file elsewhere"):
        read_results(tmp_path, [], ["red cells"])


def test_a_class_without_a_file(tmp_path: Path) -> None:
    write_results(tmp_path, {}, ["x"])
    with pytest.raises(AnnotationError, match="no results of class y") as e:
        read_results(tmp_path, [], ["x", "y"])
    assert e.value.code == "RC240"


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="no results of class x"):
        read_results(tmp_path / "gone", [], ["x"])


@pytest.mark.parametrize("corners", ["9 1 1 9", "1 9 9 1"])
def test_inverted_boxes(tmp_path: Path, corners: str) -> None:
    error = refused(tmp_path, f"000012 0.5 {corners}")
    assert (error.code, error.got) == ("RC245", corners)


def test_a_box_of_one_pixel_and_one_of_none(tmp_path: Path) -> None:
    """(5, 5, 5, 5) holds one pixel; a box without area, as a clipped one may be, is no error."""
    got = read_line(tmp_path, "000012 0.5 5 5 5 5\n000012 0.5 5 5 4 4\n")
    assert got.boxes.tolist() == [[4.0, 4.0, 5.0, 5.0], [4.0, 4.0, 4.0, 4.0]]


@pytest.mark.parametrize("name", ["a/b", "..\\b", "a\0b", "a\nb", "../../etc/x", "x" * 300])
def test_class_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    for action in (
        lambda: write_results(tmp_path, {}, ["good", name]),
        lambda: read_results(tmp_path, [], ["good", name]),
    ):
        with pytest.raises(ConfigError, match="no file can have this name") as e:
            action()
        assert e.value.code == "RC337"
    assert list(tmp_path.iterdir()) == [], "nothing half-written"


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb"])
def test_picture_names_that_would_not_come_back(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="would not come back") as e:
        write_results(tmp_path, {name: Detections.empty()}, ["x"])
    assert e.value.code == "RC337"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DiskError, match="RC603"):
        write_results(tmp_path / "taken", {}, ["x"])


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_results(tmp_path, {}, ["x"])

    def fail(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(DiskError, match="RC602"):
        read_results(tmp_path, [], ["x"])
