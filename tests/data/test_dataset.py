"""Opening a data set: classes, splits, policies; B07, B12 of the catalogue, and BCCD itself."""

import hashlib
import json
from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.errors import AnnotationError, ConfigError, DataError, PictureError


def fails(root: Path, **options: object) -> DataError:
    """The one error that opening gives; nothing in the folder changes."""
    before = state(root)
    with pytest.raises(DataError) as caught:
        Dataset.open(root, **options)  # type: ignore[arg-type]
    error = caught.value
    assert error.place.startswith(str(root))
    assert error.fix
    assert error.exit_code == 3
    assert len(str(error).splitlines()) == 2
    assert state(root) == before
    return error


def state(root: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in root.rglob("*") if path.is_file()]
    digest = hashlib.sha256
    return {str(p): (digest(p.read_bytes()).digest(), p.stat().st_mtime_ns) for p in files}


def test_golden_data_set(standard) -> None:
    data = Dataset.open(str(standard.root))
    assert data.classes == ("cat", "dog")
    assert list(data.splits) == ["train", "val", "test"]
    assert data.name == "set"
    assert data.layout == "voc"
    assert data.root == standard.root
    assert data.report.problems == ()
    assert repr(data) == "Dataset(set: train 12, val 1, test 1 pictures; classes cat, dog)"


def test_splits_by_their_names(standard) -> None:
    data = Dataset.open(standard.root)
    for name in ("val", "valid", "validation", "Validation"):
        assert data.split(name).name == "val"
    assert data.split("testing").name == "test"
    with pytest.raises(ConfigError) as caught:
        data.split("tset")
    error = caught.value
    assert (error.code, error.got, error.want) == ("RC320", "'tset'", "train, val, test")
    assert error.fix.startswith("did you mean 'test'? Name one: --split")
    assert error.exit_code == 2


def test_b12_an_empty_split_is_refused_when_it_is_asked_for(standard) -> None:
    standard.split("test", [])
    data = Dataset.open(standard.root)
    assert len(data.splits["test"]) == 0
    with pytest.raises(AnnotationError) as caught:
        data.split("test")
    assert caught.value.code == "RC221"


def test_b07_a_class_that_is_only_elsewhere(standard) -> None:
    path = standard.xml("v", [("Cat", 1, 1, 9, 9)])
    error = fails(standard.root)
    assert (error.code, error.place) == ("RC214", f"{path}:6")
    assert "did you mean 'cat'?" in error.fix
    assert error.want == "cat, dog"


def test_b07_classes_that_are_given(standard) -> None:
    data = Dataset.open(standard.root, classes=["owl", "dog", "cat"])
    assert data.classes == ("owl", "dog", "cat")
    assert data.split("val")[0].target.labels.tolist() == [2]
    assert fails(standard.root, classes=["cat"]).code == "RC214"


@pytest.mark.parametrize("classes", [[], ["cat", "dog", "cat"]])
def test_class_lists_that_are_none(standard, classes: list[str]) -> None:
    with pytest.raises(ConfigError, match="RC322"):
        Dataset.open(standard.root, classes=classes)


def test_b07_twins_in_training(standard) -> None:
    standard.xml("t05", [("DOG", 1, 1, 9, 9)])
    assert fails(standard.root).code == "RC232"
    assert Dataset.open(standard.root, classes=["cat", "dog", "DOG"]).classes[2] == "DOG"


def test_classes_without_a_split_called_train(standard) -> None:
    main = standard.root / "ImageSets" / "Main"
    (main / "train.txt").rename(main / "trainval.txt")
    assert Dataset.open(standard.root).classes == ("cat", "dog")
    (main / "trainval.txt").rename(main / "everything.txt")
    error = fails(standard.root)
    assert (error.code, error.got) == ("RC202", "val, test, everything")
    assert Dataset.open(standard.root, classes=["cat", "dog"]).split("everything")
    (main / "val.txt").unlink()
    (main / "test.txt").unlink()
    assert Dataset.open(standard.root).classes == ("cat", "dog")


def test_classes_of_the_training_split_that_is_named(standard) -> None:
    standard.add("o", [("owl", 1, 1, 20, 20)])
    standard.split("fold7", ["t00", "o"])
    with pytest.raises(AnnotationError, match="RC214"):  # owl is only elsewhere
        Dataset.open(standard.root)
    standard.split("val", ["o"])
    data = Dataset.open(standard.root, training="fold7")
    assert data.classes == ("cat", "dog", "owl")
    assert {p.place.rpartition(": ")[2] for p in data.report.problems if p.code == "RC226"} == {
        "fold7"
    }
    with pytest.raises(ConfigError, match="RC320") as caught:
        Dataset.open(standard.root, training="fold8")
    assert "fold7" in caught.value.want


def test_b12_training_without_pictures_or_objects(standard) -> None:
    standard.split("train", [])
    assert fails(standard.root).code == "RC221"
    standard.split("train", ["t00", "t01"])
    standard.xml("t00", [])
    standard.xml("t01", [])
    assert fails(standard.root).code == "RC222"


@pytest.mark.parametrize("boxes", [1, 3])
def test_b12_one_picture_of_one_class_works_with_a_warning(voc, boxes: int) -> None:
    voc.add("only", [("cat", 1 + 6 * i, 1, 20, 20) for i in range(boxes)])
    data = Dataset.open(voc.root)
    assert data.classes == ("cat",)
    assert data.split("train")[0].target.boxes.shape == (boxes, 4)
    assert [p.code for p in data.report.warnings] == ["RC226"]
    assert data.report.errors == ()


def test_b11_a_class_of_difficult_objects_only(voc) -> None:
    path = voc.xml("a", [("cat", 1, 1, 9, 9)])
    path.write_text(path.read_text().replace("<difficult>0", "<difficult>1"))
    voc.picture("a")
    assert Dataset.open(voc.root).split("train")[0].target.difficult.tolist() == [True]


def many(voc, bad: int, count: int = 200) -> None:
    for i in range(count):
        voc.xml(f"p{i:03}", [("cat", 1, 1, 9, 9)])
        voc.picture(f"p{i:03}", data=b"" if i < bad else None)


@pytest.mark.parametrize("bad", [0, 2])
def test_bad_pictures_are_skipped_up_to_one_in_a_hundred(voc, bad: int) -> None:
    many(voc, bad)
    data = Dataset.open(voc.root)
    assert len(data.split("train")) == 200 - bad
    skipped = [p for p in data.report.errors if p.effect == "picture skipped"]
    assert [p.code for p in skipped] == ["RC101"] * bad


def test_more_bad_pictures_are_an_error(voc) -> None:
    many(voc, 3)
    error = fails(voc.root)
    assert type(error) is PictureError
    assert error.code == "RC101"
    assert "(3 of 200 pictures are unusable, more than max_bad=0.01 allows)" in error.what
    assert error.place.endswith("p000.png")


def test_the_other_policy_raises_the_first(voc) -> None:
    many(voc, 1)
    error = fails(voc.root, bad_data="error")
    assert error.code == "RC101"
    assert "of 200" not in error.what


def test_a_policy_that_is_none(standard) -> None:
    with pytest.raises(ConfigError, match="RC321"):
        Dataset.open(standard.root, bad_data="ignore")  # type: ignore[arg-type]


def test_a_bad_box_never_costs_its_picture(standard) -> None:
    standard.xml("t00", [("cat", 5, 5, 5, 5), ("cat", 1, 1, 9, 9), ("dog", 1, "nan", 9, 9)])
    for policy in ("skip", "error"):
        data = Dataset.open(standard.root, bad_data=policy)  # type: ignore[arg-type]
        assert len(data.split("train")) == 12
        assert data.report.counts() == {"RC207": 1, "RC208": 1}
        assert data.split("train")[0].target.boxes.shape == (1, 4)


def test_the_report_is_strict_json(standard) -> None:
    standard.xml("t00", [("cat", 5, 5, 5, "inf")])
    report = Dataset.open(standard.root).report
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["errors"] == 1


def names(split: Split) -> list[str]:
    return [record.name for record in split.records]


def test_bccd_is_read_whole(bccd: Path) -> None:
    data = Dataset.open(bccd)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 205,
        "val": 87,
        "test": 72,
        "trainval": 292,
    }
    assert data.classes == ("Platelets", "RBC", "WBC")
    warned = [p.code for p in data.report.warnings]
    assert warned == ["RC267", "RC268", *["RC264"] * 8]
    folder = bccd / "Annotations"
    assert [(p.code, p.effect, p.place) for p in data.report.errors] == [
        ("RC207", "box dropped", f"{folder / 'BloodImage_00343.xml'}:55"),
        ("RC207", "box dropped", f"{folder / 'BloodImage_00338.xml'}:163"),
    ]
    assert "BloodImage_00343" in names(data.split("train"))
    assert "BloodImage_00338" in names(data.split("val"))
    assert sum(data.split("train").boxes_per_class.values()) == 2804


def test_bccd_gives_samples(bccd: Path, assert_dataset) -> None:
    data = Dataset.open(bccd)
    assert_dataset(data.split("test")[:6])
    assert_dataset(data.split("val").subset([0, 40, 86]))
