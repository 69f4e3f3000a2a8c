"""What stands in the files of coco layout; round trips are in test_convert.py."""

from pathlib import Path

from frcnn.data.convert import convert_folder

import json  # isort: skip


def test_golden_file(standard, tmp_path: Path) -> None:
    convert_folder(standard.root, tmp_path / "x", "coco")
    text = json.loads((tmp_path / "x/annotations/instances_val.json").read_text())
    assert text == {
        "images": [{"id": 1, "file_name": "v.png", "width": 60, "height": 40}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [10, 5, 20, 15],
                "area": 300,
                "iscrowd": 0,
            }
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    assert (tmp_path / "x/images/v.png").is_file()
