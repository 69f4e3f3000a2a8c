"""Exports of Label Studio."""

import json
from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.label_studio import find_label_studio, is_label_studio, names_of, read_folder
from frcnn.errors import AnnotationError


def codes(folder: object) -> list[str]:
    return [problem.code for problem in folder.problems]  # type: ignore[attr-defined]


def tasks_in(shelf, *tasks: object) -> Path:
    return shelf.text("export.json", json.dumps(tasks))


def test_golden_export(shelf) -> None:
    folder = read_folder(shelf.label_studio_set().root)
    first, second = folder.splits["train"]
    assert first.rows.boxes.tolist() == [[0, 0, 30, 20], [30, 10, 45, 40]]
    assert first.rows.names == ("cat", "dog")
    pointer = "project-1-at-2024-05-01.json#/0/annotations/0/result/1"
    assert first.places.of(1) == f"{shelf.root}/{pointer}"
    assert (first.name, second.name, second.rows.names) == ("8a1b2c3d-a", "b", ())
    assert folder.problems == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/data/upload/3/8a1b2c3d-a.png", "8a1b2c3d-a.png"),
        ("/data/upload/3/8a1b2c3d-a.png", "images/a.png"),
        ("8a1b2c3d-a.png", "a.png"),
        ("/data/local-files/?d=cats/small/a.png", "small/a.png"),
        ("/data/local-files/?d=cats%5Csmall%5Ca.png", "small/a.png"),
        ("https://example.com/some/a.png?token=x", "some/a.png"),
        ("https://example.com/a%20b.png", "a b.png"),
        ("s3://bucket/cats/a.png", "images/cats/a.png"),
        ("gs://bucket/a.png", "train/a.png"),
        ("C:\\cats\\a.png", "a.png"),
        ("a#1.png", "a#1.png"),
    ],
)
def test_where_pictures_are(shelf, studio, address: str, name: str) -> None:
    path = shelf.picture(name)
    tasks_in(shelf, studio.task(address, [studio.box("cat", 1, 1, 9, 9)]))
    assert [seen.path for seen in read_folder(shelf.root).splits["train"]] == [path]


def test_the_whole_name_before_the_one_without_prefix() -> None:
    assert names_of("/data/upload/1/8a1b2c3d-a.png")[-2:] == ("8a1b2c3d-a.png", "a.png")


def test_one_of_several_annotations_counts(shelf, studio) -> None:
    shelf.picture("a.png")
    results = [[studio.box(name, 10, 10, 20, 20)] for name in ("old", "new", "true", "skipped")]
    stamps = ("2024-01-01", "2024-02-01", "2023-01-01", "2025-01-01")
    found = [
        {"result": result, "updated_at": stamp, "was_cancelled": result == results[3]}
        for result, stamp in zip(results, stamps, strict=True)
    ]
    for annotations, name, number in ((found, "new", 1), (found[::-1], "new", 2)):
        tasks_in(shelf, studio.task("a.png", [], annotations=annotations))
        folder = read_folder(shelf.root)
        assert folder.splits["train"][0].rows.names == (name,)
        (problem,) = folder.problems
        assert (problem.code, problem.got) == ("RC288", f"3, of which number {number} counts")
    found[2]["ground_truth"] = True
    tasks_in(shelf, studio.task("a.png", [], annotations=found))
    assert read_folder(shelf.root).splits["train"][0].rows.names == ("true",)


def test_what_nobody_finished_is_not_used(shelf, studio) -> None:
    for name in ("a", "b", "c"):
        shelf.picture(f"{name}.png")
    skipped = [{"result": [studio.box("cat", 1, 1, 9, 9)], "was_cancelled": True}]
    tasks_in(
        shelf,
        studio.task("a.png", [studio.box("cat", 1, 1, 9, 9)]),
        studio.task("b.png", [], annotations=[], predictions=skipped),
        studio.task("c.png", [], annotations=skipped),
    )
    folder = read_folder(shelf.root)
    assert len(folder.splits["train"]) == 1
    assert codes(folder) == ["RC289", "RC230"]
    assert folder.problems[0].got == "2"
    assert folder.problems[0].place.endswith("#/1")


def test_turned_boxes_outlines_and_the_rest_are_counted(shelf, studio) -> None:
    shelf.picture("a.png")
    turned = studio.box("cat", 50, 50, 20, 20, rotation=45)
    outline = {"type": "polygonlabels", "value": {"points": [[1, 1], [9, 1], [5, 9]]}}
    outline["value"]["polygonlabels"] = ["dog"]
    brush = {"type": "brushlabels", "value": {"format": "rle", "rle": [1], "brushlabels": ["x"]}}
    choice = {"type": "choices", "value": {"choices": ["blurred"]}}
    tasks_in(shelf, studio.task("a.png", [turned, outline, brush, choice, 5]))
    folder = read_folder(shelf.root)
    (seen,) = folder.splits["train"]
    assert seen.rows.names == ("cat", "dog")
    assert codes(folder) == ["RC297", "RC298", "RC299"]
    assert folder.problems[0].place.endswith("/result/2")
    assert folder.problems[2].got == "1 result of kind choices, 1 result of kind nothing known"
    assert folder.outlines == 1


def test_a_region_in_several_results_is_one_box(shelf, studio) -> None:
    shelf.picture("a.png")
    value = {"x": 0, "y": 0, "width": 50, "height": 50}
    parts = [
        {"id": "r", "type": "rectangle", "value": value},
        {"id": "r", "type": "labels", "value": value | {"labels": ["cat", "dog"]}},
        {"id": "r", "type": "textarea", "value": value | {"text": ["tom"]}},
    ]
    tasks_in(shelf, studio.task("a.png", parts))
    folder = read_folder(shelf.root)
    assert folder.splits["train"][0].rows.names == ("cat", "dog"), "a box with two labels is two"
    assert folder.problems[0].got == "1 result of kind textarea"


def test_json_min(shelf, studio) -> None:
    for name in ("a", "b"):
        shelf.picture(f"{name}.png")
    boxes = [studio.box("cat", 0, 0, 50, 50), studio.box("dog", 50, 25, 25, 75)]
    plain = [{"original_width": 60, "original_height": 40, **box["value"]} for box in boxes]
    tasks_in(
        shelf,
        {"id": 1, "image": "a.png", "label": plain, "annotator": 1, "annotation_id": 1},
        {"id": 2, "image": "b.png", "annotator": 1, "annotation_id": 2},
    )
    first, second = read_folder(shelf.root).splits["train"]
    assert first.rows.boxes.tolist() == [[0, 0, 30, 20], [30, 10, 45, 40]]
    assert first.places.of(0).endswith("export.json#/0/label/0")
    assert second.rows.names == ()


def test_the_pictures_key_has_any_name(shelf, studio) -> None:
    shelf.picture("a.png")
    task = studio.task("", [studio.box("cat", 1, 1, 9, 9)], data={"note": "x", "scan": "/b/a.png"})
    tasks_in(shelf, task)
    assert len(read_folder(shelf.root).splits["train"]) == 1


def test_training_reads_it_as_it_is(shelf) -> None:
    data = Dataset.open(shelf.label_studio_set().root)
    assert (data.layout, data.classes) == ("label-studio", ("cat", "dog"))


def test_b06_b09_pictures_that_cannot_be_used(shelf, studio) -> None:
    shelf.picture("a.png")
    wide = studio.box("cat", 1, 1, 9, 9) | {"original_width": 40, "original_height": 60}
    tasks_in(
        shelf,
        studio.task("a.png", [wide]),
        studio.task("gone.png", [wide]),
        studio.task("", [wide], data={"text": "no picture"}),
    )
    folder = read_folder(shelf.root)
    assert codes(folder) == ["RC273", "RC216", "RC212"]
    assert folder.pictures == 3
    assert all(p.effect == "picture skipped" for p in folder.problems)


def test_nothing_in(tmp_path: Path) -> None:
    assert find_label_studio(tmp_path) == {}
    (tmp_path / "a.json").write_text("[]")
    assert find_label_studio(tmp_path) == {}
    assert not is_label_studio(tmp_path)
    assert read_folder(tmp_path).splits == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[{"data": {}, "annotations": [], "annotations": []}]', "RC271"),
        ('[{"data": {}, "annotations": []}, 5]', "RC272"),
        ('[{"data": {"image": "a"}, "annotations": [', "RC271"),
    ],
)
def test_b15_wrong_in_json(shelf, text: str, code: str) -> None:
    shelf.text("export.json", text)
    with pytest.raises(AnnotationError, match=code):
        read_folder(shelf.root)


def test_wrong_in_a_file_named_for_it(shelf) -> None:
    path = shelf.text("tasks.json", "[]")
    with pytest.raises(AnnotationError, match=r"RC201.*list of tasks"):
        Dataset.open(path, layout="label-studio")
