"""label-studio/: tasks with predictions that have scores and say which model they are from."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from frcnn.prediction.forms.label_studio import write_label_studio


def tasks_of(folder: Path):
    return json.loads((folder / "tasks.json").read_text(encoding="utf-8"))


# --- golden by hand


def test_golden_a_task(tmp_path: Path, make_results) -> None:
    """The bolt is at (1, 2) of 8 x 6 pixels, 2.5 wide and 2 high: per cent of the sides."""
    assert write_label_studio(tmp_path, make_results(image_url="https://host/p/")) == []
    task = tasks_of(tmp_path)[0]
    assert task["data"] == {"image": "https://host/p/a.png"}
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == "screws-001/best.safetensors 0123456789ab"
    assert prediction["score"] == 0.5
    assert prediction["result"][0] == {
        "id": "1",
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": 8,
        "original_height": 6,
        "image_rotation": 0,
        "value": {
            "x": 12.5,
            "y": 33.333333,
            "width": 31.25,
            "height": 33.333333,
            "rotation": 0,
            "rectanglelabels": ["bolt"],
        },
        "score": 0.75,
    }
    assert [region["id"] for region in prediction["result"]] == ["1", "2"]


def test_golden_the_interface_has_the_names_that_regions_use(tmp_path: Path, make_results) -> None:
    write_label_studio(tmp_path, make_results(classes=("bolt", 'a"b & <c>')))
    view = ElementTree.parse(tmp_path / "labeling.xml").getroot()
    image, labels = view.find("Image"), view.find("RectangleLabels")
    assert image.attrib == {"name": "image", "value": "$image"}
    assert labels.attrib == {"name": "label", "toName": "image"}
    assert [each.get("value") for each in labels] == ["bolt", 'a"b & <c>']
    assert [each.get("background") for each in labels] == ["#ff8f00", "#0070ff"]


def test_local_files_are_named_below_the_root(tmp_path: Path, make_results) -> None:
    write_label_studio(tmp_path, make_results())
    names = [task["data"]["image"] for task in tasks_of(tmp_path)]
    head = "/data/local-files/?d=" + str(Path.cwd()).lstrip("/")
    assert names[0] == f"{head}/photos/a.png"
    assert names[3] == f"{head}/photos/q%22%20%C3%BCn%C3%AF%20%26%20%3C.png"


def test_folders_inside_the_source_are_in_the_address(tmp_path: Path, make_results) -> None:
    write_label_studio(tmp_path, make_results(image_url="s3://bucket/"))
    assert tasks_of(tmp_path)[2]["data"]["image"] == "s3://bucket/more/a.png"


# --- what always holds


def test_boxes_come_back_to_a_thousandth_of_a_pixel(
    tmp_path: Path, make_results, make_picture
) -> None:
    box = [1234.567, 89.125, 29999.5, 20000.25]
    item = {"label": 0, "name": "bolt", "score": 0.5, "box": box}
    picture = make_picture("a.tif", item, width=30_000, height=20_001)
    write_label_studio(tmp_path, make_results(picture))
    value = tasks_of(tmp_path)[0]["predictions"][0]["result"][0]["value"]
    x, y = value["x"] / 100 * 30_000, value["y"] / 100 * 20_001
    w, h = value["width"] / 100 * 30_000, value["height"] / 100 * 20_001
    assert [x, y, x + w, y + h] == pytest.approx(box, abs=1e-3)


# --- nothing in


def test_a_picture_without_objects_has_a_task_without_score(tmp_path: Path, make_results) -> None:
    write_label_studio(tmp_path, make_results())
    (prediction,) = tasks_of(tmp_path)[1]["predictions"]
    assert prediction["result"] == []
    assert "score" not in prediction
