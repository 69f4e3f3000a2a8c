"""`planted.yaml`: every planted fault is found with its code and place, and nothing else is."""

import os
import re
import runpy
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml
from PIL import Image

from frcnn.data.convert import convert
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem
from frcnn.launch.check import look_over
from frcnn.launch.checked import Checked

HERE = Path(__file__).resolve().parent
LAYOUTS = ("voc", "coco", "yolo", "csv")
EXPORTS = ("label-studio", "cvat", "labelme")
SEVERAL = {"all": LAYOUTS, "exports": EXPORTS, "everywhere": LAYOUTS + EXPORTS}
WANTED = {f"A{n:02}" for n in range(1, 48)} | {f"B{n:02}" for n in (*range(1, 19), 20)}
BOXES_AT = {"voc": "{boxes}", "coco": "#/images/0", "yolo": "{boxes}", "csv": "train.csv:2"}
OF_A_BOX = ("RC207", "RC209", "RC210", "RC211", "RC219", "RC231")
MADE = runpy.run_path(str(HERE / "planting.py"))


class Row(NamedTuple):
    """A fault in one layout."""

    layout: str
    fault: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.fault['id']}-{self.layout}-{self.fault['what']}"


def rows() -> Iterator[Row]:
    written, exports = (HERE / name for name in ("planted.yaml", "planted_exports.yaml"))
    texts = (path.read_text() for path in (written, exports))
    for fault in [fault for text in texts for fault in yaml.safe_load(text)]:
        named = fault["layouts"]
        layouts = SEVERAL[named] if isinstance(named, str) else named
        yield from (Row(layout, fault) for layout in layouts)


ROWS = list(rows())


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The data set without fault, in each layout."""
    root = tmp_path_factory.mktemp("good")
    (root / "first").mkdir()
    dice = np.random.default_rng(0)
    pictures: dict[str, list[Path]] = {"train": [], "val": []}
    for split, names in (("train", [f"t{n:02}" for n in range(12)]), ("val", ["v"])):
        lines = ["filename,width,height,class,xmin,ymin,xmax,ymax"]
        for name in names:
            pixels = dice.integers(0, 256, (40, 60, 3), dtype=np.uint8)
            pictures[split].append(root / "first" / f"{name}.png")
            Image.fromarray(pixels).save(pictures[split][-1])
            lines.append(f"{name}.png,60,40,cat,10,5,30,20")
            lines += [f"{name}.png,60,40,dog,20,10,40,35"] if split == "train" else []
        (root / "first" / f"{split}.csv").write_text("\n".join(lines))
    data = Dataset.open(root / "first")
    for layout in LAYOUTS:
        convert(data, root / layout, layout)
    for layout in EXPORTS:
        MADE["write_export"](root / layout, layout, pictures)
    return {layout: root / layout for layout in (*LAYOUTS, *EXPORTS)}


@contextmanager
def changing(picture: Path) -> Iterator[Callable[[str, int], Any]]:
    """A count that changes a picture when decoding begins."""

    @contextmanager
    def count(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
        os.utime(picture, ns=(1, 1))
        yield lambda _done: None

    yield count


def checked(root: Path, row: Row) -> Checked:
    options: Any = {"layout": row.layout, "shorter_side": 39}
    if row.fault["what"] == "changed after it was opened":
        with changing(root / MADE["FILES"][row.layout][0]) as count:
            return look_over(root, options, count)
    return look_over(root, options)


def key(problem: Problem, root: Path) -> tuple[str, str]:
    return problem.code, problem.place.removeprefix(str(root))


@pytest.fixture(scope="module")
def before(good: dict[str, Path]) -> dict[str, set[tuple[str, str]]]:
    """What is said of the data without fault."""
    return {
        layout: {
            key(p, root)
            for p in look_over(root, {"layout": layout, "shorter_side": 39}).report.problems
        }
        for layout, root in good.items()
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_planted_fault_is_found(row: Row, good, before, tmp_path: Path) -> None:
    fault, root = row.fault, tmp_path / "set"
    shutil.copytree(good[row.layout], root)
    planting = MADE["Planting"](root, row.layout)
    made = fault.get("make", "" if "do" in fault else fault["what"])
    if made and made != "changed after it was opened":
        planting.make(made)
    for step in fault.get("do", ()):
        planting.do(step)
    found = checked(root, row)
    new = [p for p in found.report.problems if key(p, root) not in before[row.layout]]
    codes = {problem.code for problem in new}
    assert all(problem.fix and problem.what for problem in new)
    assert all(p.spot.box and Path(p.spot.picture).is_file() for p in new if p.code in OF_A_BOX)
    assert (found.dataset is None) == fault.get("fatal", False), found
    if fault["code"] == "none":
        assert codes == set(), found
        pictures = sum(map(len, found.dataset.splits.values())) if found.dataset else 0
        assert pictures == 13
        return
    wanted = planting.fill(fault["place"])
    wanted = (
        BOXES_AT[row.layout].format(boxes=MADE["FILES"][row.layout][1])
        if fault["place"] == "{boxes}" and row.layout in ("coco", "csv")
        else wanted
    )
    places = [problem.place for problem in new if problem.code == fault["code"]]
    assert any(re.search(re.escape(wanted) + r"(:\d+)*$", place) for place in places), found
    assert codes <= {fault["code"], *fault.get("also", ())}, found


def test_the_data_without_fault_has_none(before) -> None:
    assert before == {layout: set() for layout in (*LAYOUTS, *EXPORTS)}


def test_the_table_is_whole() -> None:
    assert {row.fault["id"] for row in ROWS} == WANTED
    assert len(ROWS) >= 120
    assert len(set(map(str, ROWS))) == len(ROWS)
