"""Results as files: what can be asked for, what it is called on the disk, and what writes it.

Pictures with boxes and cut-out objects need the pixels, and are written as results come. The other
forms (`forms/`) are made of the diary at the end, and also when the run is interrupted.
"""

from collections.abc import Mapping
from typing import Literal

from frcnn.prediction.diary import CROPS, PICTURES
from frcnn.prediction.forms.coco_results import write_coco
from frcnn.prediction.forms.csv_table import write_csv
from frcnn.prediction.forms.json_lines import write_json_lines
from frcnn.prediction.forms.json_report import write_json
from frcnn.prediction.forms.label_studio import write_label_studio
from frcnn.prediction.forms.results import Form
from frcnn.prediction.forms.voc_annotations import write_voc
from frcnn.prediction.forms.yolo_labels import write_yolo

Kind = Literal["images", "crops", "json", "jsonl", "csv", "coco", "yolo", "voc", "label-studio"]
NAMES: Mapping[Kind, str] = {
    "images": PICTURES,
    "crops": CROPS,
    "json": "predictions.json",
    "jsonl": "results.jsonl",
    "csv": "predictions.csv",
    "coco": "coco",
    "yolo": "yolo",
    "voc": "voc",
    "label-studio": "label-studio",
}
"""Of the file or folder of each kind, inside the folder of results."""
FORMS: Mapping[Kind, Form] = {
    "json": write_json,
    "jsonl": write_json_lines,
    "csv": write_csv,
    "coco": write_coco,
    "yolo": write_yolo,
    "voc": write_voc,
    "label-studio": write_label_studio,
}
"""What writes each kind that is made of the diary."""
