"""data.yaml: names by id, folders by split, and paths that other tools write."""

from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem
from frcnn.data.yolo_yaml import (
    declared,
    named_folders,
    names_of_yaml,
    no_names,
    pictures_below,
    read_yaml,
    yaml_file,
)
from frcnn.errors import AnnotationError


def folders(path: Path) -> tuple[dict[str, list[Path]], list[Problem]]:
    problems: list[Problem] = []
    return named_folders(path, read_yaml(path), problems), problems


def test_golden_file(shelf) -> None:
    root = shelf.yolo_set().root
    path = yaml_file(root)
    assert path == root / "data.yaml"
    assert names_of_yaml(path, read_yaml(path)).names == ("dog", "cat")
    found, problems = folders(path)
    assert found == {"train": [root / "images/train"], "val": [root / "images/val"]}
    assert problems == []


@pytest.mark.parametrize(
    "written", ["../train/images", "./train/images", "train/images", "train", "train\\images"]
)
def test_roboflows_paths(shelf, written: str) -> None:
    shelf.picture("train/images/a.png")
    path = shelf.text("data.yaml", f"train: {written}\nnames: [a]\n")
    assert folders(path)[0] == {"train": [shelf.root / "train" / "images"]}


def test_path_lists_and_own_splits(shelf) -> None:
    for name in ("x/a", "x/b", "x/c"):
        shelf.picture(f"{name}/1.png")
    text = "path: x\ntrain: [a, b]\nvalid: a\nfold7: c\ntest:\nhsv: 0.5\nnotes: none\nnames: [a]\n"
    found, problems = folders(shelf.text("data.yml", text))
    assert list(found) == ["train", "val", "fold7"]
    assert found["train"] == [shelf.root / "x" / "a", shelf.root / "x" / "b"]
    assert problems == []
    assert yaml_file(shelf.root) == shelf.root / "data.yml"


def test_a_folder_that_is_not_there(shelf) -> None:
    found, (problem,) = folders(shelf.text("d.yaml", "val: images/val\nnames: [a]\n"))
    assert found == {}
    assert (problem.code, problem.place) == ("RC281", f"{shelf.root / 'd.yaml'}: val")


def test_b17_paths_that_lead_out(shelf) -> None:
    text = "path: /etc\ntrain: /etc\nval: a/../../b\nnames: [a]\n"
    found, problems = folders(shelf.text("d.yaml", text))
    assert found == {}
    assert [p.code for p in problems] == ["RC267", "RC276", "RC276"]


@pytest.mark.parametrize(
    "names", ["{0: dog, 1: cat}", "[dog, cat]", "\n- dog\n- cat", "\n  1: cat\n  0: dog"]
)
def test_names_in_either_form(shelf, names: str) -> None:
    path = shelf.text("d.yaml", f"train: x\nnames: {names}\n")
    assert names_of_yaml(path, read_yaml(path)).names == ("dog", "cat")


@pytest.mark.parametrize("nc", ["", "nc: 2\n", "nc: 6\n"])
def test_golden_ids_of_names_may_have_gaps(shelf, nc: str) -> None:
    """Who took classes out renumbers nothing; `nc` then counts the names, or reaches the last."""
    path = shelf.text("d.yaml", f"{nc}names: {{5: bolt, 0: nut}}\n")
    found = names_of_yaml(path, read_yaml(path))
    assert (found.names, found.ids) == (("nut", "bolt"), (0, 5))


@pytest.mark.parametrize(
    "text",
    [
        "names: [dog, dog]",
        "names: {0: a, b: 2}",
        "names: {-1: a}",
        "names: {true: a}",
        "names: {0: a, 1000000: b}",
        "nc: 2\nnames: {0: a, 2: b, 3: c}",
        "names: 5",
        "nc: 3\nnames: [a]",
        "names: []",
        "names: ['']",
        "names: [no, yes]",
        "names: [1.10, 2.0]",
        "a: &a [x, x]\nb: &b [*a, *a]\nnames: [*b, c]",
        "train: x",
    ],
)
def test_b07_names_that_are_none(shelf, text: str) -> None:
    path = shelf.text("d.yaml", f"{text}\n")
    with pytest.raises(AnnotationError, match="RC277"):
        names_of_yaml(path, read_yaml(path))
    assert no_names("x", "y").fix


@pytest.mark.parametrize("text", ["a: [", "- 1", "a: !!python/object:os.x {}", "x: \x01"])
def test_wrong_in_no_yaml(shelf, text: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        read_yaml(shelf.text("d.yaml", text))
    assert caught.value.code == "RC280"
    assert caught.value.place.startswith(str(shelf.root / "d.yaml"))


@pytest.mark.parametrize("path", ["../../../etc", "../other/pictures", "..\\\\other"])
def test_b17_what_goes_up_and_is_not_here_leads_out(shelf, path: str) -> None:
    problems: list[Problem] = []
    shelf.text("d.yaml", f'val: "{path}"\nnames: [a]\n')
    file = shelf.root / "d.yaml"
    assert named_folders(file, read_yaml(file), problems) == {}
    (problem,) = problems
    assert (problem.code, problem.place) == ("RC276", f"{file}: val")
    assert problem.got == path.replace("\\\\", "\\")


def test_roboflows_folder_that_was_not_exported_is_missing(shelf) -> None:
    problems: list[Problem] = []
    file = shelf.text("d.yaml", "test: ../test/images\nnames: [a]\n")
    assert named_folders(file, read_yaml(file), problems) == {}
    assert [(p.code, p.severity) for p in problems] == [("RC281", "warning")]


def test_b17_a_path_that_leads_out_is_not_followed(shelf) -> None:
    (shelf.root.parent / "outside" / "imgs").mkdir(parents=True)
    found, problems = folders(shelf.text("d.yaml", "path: ../outside\ntrain: imgs\nnames: [a]\n"))
    assert found == {}
    assert [p.code for p in problems] == ["RC267", "RC281"]


@pytest.mark.parametrize(
    "text",
    ["epochs: 3\ntrain: true\nclass_names: [x]\n", "names_x: 1\ntrained: 2\n", "names: [\ntrain"],
)
def test_a_trainers_file_is_none_of_a_data_set(shelf, text: str) -> None:
    shelf.text("a.yaml", text)
    assert yaml_file(shelf.root) is None
    good = shelf.text("b.yaml", "train: x\nnames: [a]\n")
    assert yaml_file(shelf.root) == good


def test_nothing_in(shelf) -> None:
    assert yaml_file(shelf.root) is None
    shelf.text("other.yaml", "a: 1\n")
    assert yaml_file(shelf.root) is None
    assert pictures_below(shelf.root) == []
    assert declared(["a"], "x").ids == (0,)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("names: [a]\ntrain: x\nval: y\ntrain: z\n", 4),
        ("train: x\nnames:\n  0: a\n  0: b\n", 4),
    ],
)
def test_b08_a_key_twice(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(text)
    with pytest.raises(AnnotationError) as caught:
        read_yaml(path)
    assert (caught.value.code, caught.value.place) == ("RC280", f"{path}:{line}")
    assert caught.value.got.endswith("twice")


def test_b17_a_path_of_another_machine_is_told_once(shelf) -> None:
    root = shelf.yolo_set().root
    path = root / "data.yaml"
    path.write_text("path: ../datasets/coco\n" + path.read_text())
    found = [p for p in Dataset.open(root).report.problems if p.code == "RC267"]
    assert [(p.place, p.got) for p in found] == [(str(root), "1 x path, as in ../datasets/coco")]
