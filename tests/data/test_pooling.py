"""All splits of a data set in one."""

from pathlib import Path

import numpy as np

from frcnn.data.pooling import POOL, pool
from frcnn.data.records import Stamp
from frcnn.data.seen import Declared, Folder, Places, Rows, Seen
from frcnn.types import Size


def seen(name: str, *boxes: list[float]) -> Seen:
    rows = Rows(
        np.array(boxes, np.float64).reshape(-1, 4),
        ("cat",) * len(boxes),
        np.zeros(len(boxes), np.bool_),
        np.arange(len(boxes)),
    )
    return Seen(
        name=name,
        path=Path(f"{name}.png"),
        size=Size(40, 60),
        stamp=Stamp(1, 2),
        rows=rows,
        written=rows,
        stated=None,
        orientation=1,
        places=Places("a.json#/"),
        sha256="",
    )


def test_golden_each_picture_once() -> None:
    box = [1.0, 1.0, 9.0, 9.0]
    folder = Folder(splits={"train": (seen("a", box),), "trainval": (seen("a", box), seen("b"))})
    pooled = pool(folder)
    assert [s.name for s in pooled.splits[POOL]] == ["a", "b"]
    assert pooled.problems == []
    assert list(folder.splits) == ["train", "trainval"], "what was read stays as it was"


def test_different_boxes_are_a_problem() -> None:
    folder = Folder(splits={"train": (seen("a", [1, 1, 9, 9]),), "val": (seen("a"),)})
    pooled = pool(folder)
    assert len(pooled.splits[POOL][0].rows.names) == 1, "the first counts"
    (problem,) = pooled.problems
    assert (problem.code, problem.effect) == ("RC295", "box dropped")
    assert (problem.got, problem.want) == ("0 boxes in val", "those of train")


def test_class_lists_are_joined() -> None:
    lists = {
        "train": Declared(("cat", "dog"), (1, 2), "a"),
        "val": Declared(("dog", "owl", "fox"), (2, 1, 7), "b"),
    }
    known = pool(Folder(splits={"train": ()}, declared=lists)).declared[POOL]
    assert known == Declared(("cat", "dog", "owl", "fox"), (1, 2, 3, 7), "a")
    words = {"train": Declared(("cat",), ("a",), "a"), "val": Declared(("dog",), ("a",), "b")}
    assert pool(Folder(splits={}, declared=words)).declared[POOL].ids == ("a", 1)


def test_nothing_in() -> None:
    pooled = pool(Folder())
    assert (pooled.splits, pooled.declared) == ({POOL: ()}, {})
