"""A data set into splits: shares, groups that stay together, and what is written."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.data.divide import split_folder
from frcnn.data.division_plan import DivisionPlan
from frcnn.data.pixel_check import check_all
from frcnn.errors import AnnotationError, ConfigError

TWO = DivisionPlan(shares={"train": 0.5, "val": 0.5})


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def names_in(data: Dataset) -> dict[str, set[str]]:
    return {name: {r.name for r in split.records} for name, split in data.splits.items()}


def test_golden(standard, tmp_path: Path) -> None:
    before = contents(standard.root)
    done = split_folder(standard.root, tmp_path / "new", DivisionPlan())
    assert contents(standard.root) == before
    data = Dataset.open(tmp_path / "new")
    assert data.layout == "voc"
    assert [len(split) for split in data.splits.values()] == [10, 3, 1]
    old = Dataset.open(standard.root)
    assert set().union(*names_in(data).values()) == set().union(*names_in(old).values())
    assert sum(len(split) for split in data.splits.values()) == 14
    assert done.before == {"train": 12, "val": 1, "test": 1}
    lines = str(done).splitlines()
    assert lines[0] == "14 pictures (train 12, val 1, test 1) in 14 groups, seed 0"
    assert lines[3].split() == ["train", "val", "test"]
    assert "10 (71.4%)" in lines[4]
    assert [line.split()[0] for line in lines[6:8]] == ["cat", "dog"]
    assert json.loads(json.dumps(done.to_json(), allow_nan=False))["classes"]["cat"] == {
        split: {"pictures": part.boxes_per_class["cat"], "boxes": part.boxes_per_class["cat"]}
        for split, part in data.splits.items()
    }


@pytest.mark.parametrize("layout", ["coco", "yolo", "csv"])
def test_in_every_layout(shelf, tmp_path: Path, layout: str) -> None:
    getattr(shelf, f"{layout}_set")()
    done = split_folder(shelf.root, tmp_path / "new", TWO, pictures="hardlink")
    data = Dataset.open(tmp_path / "new")
    assert (data.layout, done.written.layout) == (layout, layout)
    assert [len(split) for split in data.splits.values()] == [1, 1]


def test_what_many_boxes_tell_is_said_of_a_division_too(standard, tmp_path: Path) -> None:
    for number in range(12):
        standard.xml(f"t{number:02}", [("cat", 0, 6, 30, 20), ("dog", 21, 11, 40, 35)])
    report = split_folder(standard.root, tmp_path / "new", TWO).written.report
    assert report.counts()["RC261"] == 1


def test_an_export_into_a_layout_that_is_written(shelf, tmp_path: Path) -> None:
    shelf.labelme_set()
    with pytest.raises(ConfigError, match=r"RC325.*labelme"):
        split_folder(shelf.root, tmp_path / "new", TWO)
    split_folder(shelf.root, tmp_path / "new", TWO, to="coco")
    assert Dataset.open(tmp_path / "new").layout == "coco"


def test_groups_stay_together(shelf, tmp_path: Path) -> None:
    names = [f"scan{scan}_{n}.png" for scan in range(8) for n in range(3)]
    for name in names:
        shelf.picture(name)
    shelf.text("train.csv", "".join(f"{name},1,1,9,9,cat\n" for name in names))
    plan = DivisionPlan(shares=TWO.shares, group_by="prefix:(scan[0-9]+)", seed=3)
    done = split_folder(shelf.root, tmp_path / "new", plan)
    scans = [
        {name[:5] for name in part} for part in names_in(Dataset.open(done.written.path)).values()
    ]
    assert [len(part) for part in scans] == [4, 4]
    assert not scans[0] & scans[1]
    assert done.groups == 8


def test_copies_of_a_picture_are_never_in_two_splits(shelf, tmp_path: Path) -> None:
    first = shelf.picture("p00.png")
    for n in range(1, 10):
        shelf.picture(f"p{n:02}.png")
    for n in (3, 6):
        shutil.copy(first, shelf.root / f"p{n:02}.png")
    shelf.text("train.csv", "".join(f"p{n:02}.png,1,1,9,9,cat\n" for n in range(10)))
    for seed in range(4):
        plan = DivisionPlan(shares=TWO.shares, seed=seed)
        done = split_folder(shelf.root, tmp_path / f"{seed}", plan)
        same = {"p00", "p03", "p06"}
        parts = names_in(Dataset.open(done.written.path)).values()
        assert [part & same for part in parts if part & same] == [same]


def test_the_seed_decides_and_the_order_of_files_does_not(standard, shelf, tmp_path: Path) -> None:
    lists = []
    for number, (seed, order) in enumerate(((0, 1), (0, -1), (1, 1))):
        names = [f"t{n:02}" for n in range(12)][::order]
        standard.split("train", names)
        plan = DivisionPlan(shares=TWO.shares, seed=seed)
        split_folder(standard.root, tmp_path / f"{number}", plan)
        lists.append(names_in(Dataset.open(tmp_path / f"{number}")))
    assert lists[0] == lists[1]
    assert lists[0] != lists[2]


def test_a_class_that_only_the_old_test_split_has(standard, tmp_path: Path) -> None:
    standard.xml("w", [("owl", 1, 1, 9, 9)])
    with pytest.raises(AnnotationError, match="RC214"):
        Dataset.open(standard.root)
    done = split_folder(standard.root, tmp_path / "new", DivisionPlan())
    (problem,) = (p for p in done.written.report.problems if p.code == "RC286")
    assert (problem.place, problem.got) == (
        f"{standard.root}: owl",
        "in 1 group; none in val and test",
    )
    assert "owl" in Dataset.open(tmp_path / "new").classes


def test_ids_of_two_coco_files_do_not_clash(shelf, tmp_path: Path) -> None:
    for name in ("train/a.png", "train/b.png", "val/a.png", "val/b.png"):
        shelf.picture(name)
    for split in ("train", "val"):
        shelf.coco(f"annotations/instances_{split}.json")
    split_folder(shelf.root, tmp_path / "new", TWO)
    data = Dataset.open(tmp_path / "new")
    assert [len(split) for split in data.splits.values()] == [2, 2]
    assert "RC274" not in data.report.counts()


def test_wrong_in_too_few_groups(standard, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"RC376.*got 1 group,"):
        split_folder(standard.root, tmp_path / "new", DivisionPlan(group_by="folder"))
    assert not (tmp_path / "new").exists()


def test_wrong_in_groups_that_are_all_needed_to_learn_from(shelf, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shelf.picture(f"{name}.png")
    shelf.text("train.csv", "a.png,1,1,9,9,cat\nb.png,1,1,9,9,dog\n")
    with pytest.raises(ConfigError, match=r"RC376.*val would be empty"):
        split_folder(shelf.root, tmp_path / "new", TWO)


def test_wrong_in_places_and_choices(standard, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RC326"):
        split_folder(standard.root, standard.root / "new", TWO)
    with pytest.raises(ConfigError, match="RC325"):
        split_folder(standard.root, tmp_path / "new", TWO, to="kitti")
    with pytest.raises(AnnotationError, match="RC201"):
        split_folder(tmp_path / "nowhere", tmp_path / "new", TWO)


def test_nothing_in(voc, tmp_path: Path) -> None:
    voc.add("a", [])
    with pytest.raises(AnnotationError, match="RC222"):
        split_folder(voc.root, tmp_path / "new", TWO)


def test_bccd_gets_its_shares(bccd: Path, tmp_path: Path) -> None:
    done = split_folder(bccd, tmp_path / "new", DivisionPlan(seed=1), pictures="hardlink")
    for split, share in (("train", 0.7), ("val", 0.2), ("test", 0.1)):
        part = done.splits[split]
        assert abs(len(part) / 364 - share) < 0.002
        for name, count in {"RBC": 4153, "WBC": 372, "Platelets": 361}.items():
            assert abs(part.boxes_per_class[name] / count - share) < 0.015


@pytest.fixture
def film(shelf) -> Path:
    """Ten scenes, of each a photograph and a smaller one, saved again."""
    names = [f"{n}{size}.jpg" for n in range(10) for size in "ls"]
    for n in range(10):
        dice = np.random.default_rng(n)
        cells = dice.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        large = Image.fromarray(cells).resize((160, 120), Image.Resampling.BICUBIC)
        large.save(shelf.root / f"{n}l.jpg", quality=95)
        large.resize((120, 90)).save(shelf.root / f"{n}s.jpg", quality=60)
    shelf.text("train.csv", "".join(f"{name},1,1,9,9,cat\n" for name in names))
    return shelf.root


def test_pictures_that_look_alike_are_never_in_two_splits(film: Path, tmp_path: Path) -> None:
    for seed in range(3):
        done = split_folder(film, tmp_path / f"{seed}", DivisionPlan(shares=TWO.shares, seed=seed))
        train, val = names_in(Dataset.open(done.written.path)).values()
        assert {name[0] for name in train}.isdisjoint(name[0] for name in val)
        assert (done.groups, done.look_alikes) == (10, 20)
        assert str(done).splitlines()[1].startswith("20 pictures that look like others: never in")
        assert done.to_json()["look_alikes"] == 20
        report = check_all(Dataset.open(done.written.path)).report
        assert not [p for p in report.problems if "in train and in val" in p.got]


def test_pictures_that_look_alike_go_apart_where_that_is_wanted(
    film: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.delattr("frcnn.data.divide.check_pixels")  # nothing is decoded
    plan = DivisionPlan(shares=TWO.shares, look_alikes="apart")
    done = split_folder(film, tmp_path / "new", plan)
    assert (done.groups, done.look_alikes) == (20, 0)
    assert str(done).splitlines()[1] == ""


def test_a_picture_that_cannot_be_decoded_is_left_out_and_told(film: Path, tmp_path: Path) -> None:
    path = film / "3l.jpg"
    path.write_bytes(path.read_bytes()[:700])
    done = split_folder(film, tmp_path / "new", TWO)
    (problem,) = done.written.report.errors
    assert (problem.place, problem.effect) == (str(path), "picture skipped")
    assert sum(map(len, done.splits.values())) == 19


def test_wrong_in_ways_with_look_alikes() -> None:
    with pytest.raises(ConfigError, match=r"RC374.*look_alikes.*'near'"):
        DivisionPlan(look_alikes="near")  # type: ignore[arg-type]
