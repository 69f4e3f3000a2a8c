"""Which pictures belong together."""

from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.grouping import groups_of, require_way
from frcnn.data.problems import Problem
from frcnn.data.records import Record
from frcnn.errors import ConfigError


@pytest.fixture
def records(shelf) -> tuple[Record, ...]:
    """Pictures of two scans, in two folders, and one of none."""
    names = ("a/scan1_x.png", "a/scan1_y.png", "b/scan1_z.png", "b/scan2_x.png", "b/other.png")
    for name in names:
        shelf.picture(name)
    shelf.text("train.csv", "".join(f"{name},1,1,9,9,cat\n" for name in names))
    return Dataset.open(shelf.root).splits["train"].records


def test_golden_ways(shelf, records: tuple[Record, ...]) -> None:
    problems: list[Problem] = []
    assert groups_of(records, shelf.root, "folder", problems) == ["a", "a", "b", "b", "b"]
    alone = groups_of(records, shelf.root, "", problems)
    assert alone[0] == "a/scan1_x.png"
    assert len(set(alone)) == 5
    assert problems == []


def test_golden_pattern(shelf, records: tuple[Record, ...]) -> None:
    problems: list[Problem] = []
    names = groups_of(records, shelf.root, "prefix:(scan[0-9]+)", problems)
    assert names == ["scan1", "scan1", "scan1", "scan2", "/b/other.png"]
    (problem,) = problems
    assert (problem.code, problem.got, problem.place) == ("RC287", "1", "b/other.png")


def test_files_with_the_same_bytes_join_their_groups(shelf, records: tuple[Record, ...]) -> None:
    paths = [shelf.root / name for name in ("b/scan1_z.png", "a/scan1_x.png")]
    paths[0].write_bytes(paths[1].read_bytes())
    records = Dataset.open(shelf.root).splits["train"].records
    assert set(groups_of(records, shelf.root, "folder", [])) == {"a"}
    assert len(set(groups_of(records, shelf.root, "", []))) == 4


def test_names_follow_from_the_data_alone(shelf, records: tuple[Record, ...]) -> None:
    elsewhere = groups_of(records, Path("/nowhere"), "", [])
    assert elsewhere[0] == (shelf.root / "a/scan1_x.png").as_posix()


@pytest.mark.parametrize("by", ["patient", "prefix", "Folder"])
def test_wrong_in_ways(shelf, records: tuple[Record, ...], by: str) -> None:
    with pytest.raises(ConfigError, match="RC374") as caught:
        require_way(by)
    assert "prefix:PATTERN" in caught.value.want
    with pytest.raises(ConfigError, match="RC374"):
        groups_of(records, shelf.root, by, [])


@pytest.mark.parametrize(("by", "got"), [("prefix:(a", "missing"), ("prefix:a", "no brackets")])
def test_wrong_in_patterns(by: str, got: str) -> None:
    with pytest.raises(ConfigError, match="RC375") as caught:
        require_way(by)
    assert got in caught.value.got


def test_wrong_in_a_pattern_that_finds_nothing(shelf, records: tuple[Record, ...]) -> None:
    with pytest.raises(ConfigError, match=r"RC375.*nothing in a/scan1_x.png"):
        groups_of(records, shelf.root, "prefix:(patient)", [])
    require_way("prefix:(patient)")
    require_way("folder")
    require_way("")


ROW = '{{"tile": "t/{}", "picture": "{}", "x1": 0, "y1": 0, "x2": 60, "y2": 40}}\n'


def test_tiles_of_one_picture_are_one_group(shelf, records: tuple[Record, ...]) -> None:
    rows = [("scan1_x.png", "big.tif"), ("other.png", "big.tif"), ("scan2_x.png", "other.tif")]
    shelf.text("tiles.jsonl", "".join(ROW.format(*row) for row in rows))
    alone = groups_of(records, shelf.root, "", [])
    assert alone[0] == alone[4]
    assert len(set(alone)) == 4
    assert set(groups_of(records, shelf.root, "folder", [])) == {"a"}


def test_equal_tiles_of_nothing_join_nothing(shelf) -> None:
    for name in ("a.png", "b.png"):
        (shelf.root / name).write_bytes(shelf.picture("x/c.png").read_bytes())
    (shelf.root / "b.png").write_bytes((shelf.root / "a.png").read_bytes())
    rows = ROW.format("a.png", "1.tif") + ROW.format("b.png", "2.tif")
    for row, groups in ((",,,,", 2), ("1,1,9,9,cat", 1)):
        shelf.text("train.csv", "x/c.png,1,1,9,9,cat\n" + f"a.png,{row}\nb.png,{row}\n")
        found = Dataset.open(shelf.root).splits["train"].records[1:]
        shelf.text("tiles.jsonl", rows)
        assert len(set(groups_of(found, shelf.root, "", []))) == groups
        (shelf.root / "tiles.jsonl").unlink()
        assert len(set(groups_of(found, shelf.root, "", []))) == 1


def test_pictures_that_shall_be_together_join_their_groups(
    shelf, records: tuple[Record, ...]
) -> None:
    paths = [shelf.root / name for name in ("b/scan1_z.png", "a/scan1_x.png")]
    assert set(groups_of(records, shelf.root, "folder", [], [paths])) == {"a"}
    alone = groups_of(records, shelf.root, "", [], [paths])
    assert alone[0] == alone[2] == "a/scan1_x.png"
    assert len(set(alone)) == 4
