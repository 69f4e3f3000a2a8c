"""Stored proposals, written: a file that anyone can open, whole or not there at all."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from frcnn import files
from frcnn.data.proposals import StoredProposals
from frcnn.data.proposals_writer import write_proposals
from frcnn.data.records import Split
from frcnn.errors import DataError, DiskError
from frcnn.ops.boxes import clip

Found = list[tuple[torch.Tensor, torch.Tensor]]


def draw(split: Split, *, copies: int = 1, seed: int = 0) -> Found:
    """Random boxes in each picture, none in some."""
    chance = torch.Generator().manual_seed(seed)
    found = []
    for record in split.records:
        for _ in range(copies):
            count = int(torch.randint(0, 30, (), generator=chance))
            sides = torch.tensor([record.size.width, record.size.height] * 2)
            corners = torch.rand(count, 4, generator=chance) * sides
            boxes = torch.cat((corners[:, :2].minimum(corners[:, 2:]), corners[:, 2:]), dim=1)
            found.append((clip(boxes, record.size), torch.randn(count, generator=chance)))
    return found


@pytest.fixture
def twenty(album: Split) -> Split:
    records = [replace(album.records[n % 4], name=f"p{n:03}") for n in range(20)]
    return replace(album, records=tuple(records))


def test_anyone_can_open_it(tmp_path: Path, album: Split) -> None:
    found = draw(album)
    boxes = write_proposals(tmp_path / "p", album, found, maker={"run": "a"})
    rows = torch.cat([torch.cat((b, s[:, None]), dim=1) for b, s in found])
    assert boxes == len(rows)
    with safe_open(tmp_path / "p", framework="pt") as file:
        assert set(file.keys()) == {"first", "sizes", "names", "proposals"}
        assert torch.equal(file.get_tensor("proposals"), rows)
        counts = torch.tensor([len(b) for b, _ in found])
        assert torch.equal(file.get_tensor("first").diff(), counts)
        assert file.get_tensor("sizes").tolist() == [list(r.size) for r in album.records]
        names = json.loads(file.get_tensor("names").numpy().tobytes())
        assert names == ["a", "b", "ü", "d"]
        (about,) = file.metadata().values()
    told = json.loads(about)
    assert told["fingerprint"] == album.picture_fingerprint
    assert told["maker"] == {"run": "a"}
    assert told["made_by"].startswith("frcnn ")
    assert (told["split"], told["copies"], told["format_version"]) == ("train", 1, 1)


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_written_comes_back(
    tmp_path: Path, twenty: Split, copies: int, seed: int
) -> None:
    found = draw(twenty, copies=copies, seed=seed)
    write_proposals(tmp_path / "p", twenty, iter(found), copies=copies)
    stored = StoredProposals.open(tmp_path / "p")
    stored.require_fit(twenty)
    for number in range(20):
        for copy in range(copies):
            got, want = stored.of(number, mirrored=copy == 1), found[number * copies + copy]
            assert torch.equal(got.boxes, want[0])
            assert torch.equal(got.scores, want[1])


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, album: Split) -> None:
    for name in "ab":
        write_proposals(tmp_path / name, album, draw(album))
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in "ab"}
    assert len(digests) == 1


def test_arrays_begin_where_their_numbers_can_be_mapped(tmp_path: Path, album: Split) -> None:
    for number in range(1, 9):  # names of every length
        split = replace(album, name="x" * number, records=album.records[:1])
        named = replace(split, records=(replace(split.records[0], name="n" * number),))
        write_proposals(tmp_path / "p", named, draw(named))
        stored = StoredProposals.open(tmp_path / "p")
        assert stored._layout.first % 8 == stored._layout.proposals % 8 == 0
        assert stored.names == ("n" * number,)


def test_names_that_are_no_text_of_unicode(tmp_path: Path, album: Split) -> None:
    """A file system may give bytes that no encoding has."""
    odd = replace(album.records[0], name="a\udcff\n")
    split = replace(album, records=(odd,))
    write_proposals(tmp_path / "p", split, draw(split))
    stored = StoredProposals.open(tmp_path / "p")
    assert stored.names == ("a\udcff\n",)
    stored.require_fit(split)


def test_numbers_of_half_precision_are_widened(tmp_path: Path, album: Split) -> None:
    found = [(b.bfloat16().clamp(max=1), s.bfloat16()) for b, s in draw(album)]
    write_proposals(tmp_path / "p", album, found)
    for got, want in zip(StoredProposals.open(tmp_path / "p"), found, strict=True):
        assert torch.equal(got.boxes, want[0].float())


# nothing in


def test_pictures_in_which_nothing_is_proposed(tmp_path: Path, album: Split) -> None:
    nothing = (torch.zeros(0, 4), torch.zeros(0))
    assert write_proposals(tmp_path / "p", album, [nothing] * 4) == 0
    assert [len(found.boxes) for found in StoredProposals.open(tmp_path / "p")] == [0] * 4


# wrong in


@pytest.mark.parametrize(("count", "got"), [(3, "of 3 pictures"), (5, "of more pictures")])
def test_too_few_and_too_many(tmp_path: Path, album: Split, count: int, got: str) -> None:
    found = [(torch.zeros(0, 4), torch.zeros(0))] * count
    with pytest.raises(DataError, match=rf"RC253.*{got}, want 4, 1 for each picture of train"):
        write_proposals(tmp_path / "p", album, found)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 61.0])
def test_a_box_that_is_none_is_never_written(tmp_path: Path, album: Split, value: float) -> None:
    (tmp_path / "p").write_bytes(b"before")
    found = draw(album)
    found[0][0][4, 2] = value
    with pytest.raises(DataError, match=r"RC254.*got a, row 4: .*want 0 <= x1 <= x2 <= 60"):
        write_proposals(tmp_path / "p", album, found)
    assert (tmp_path / "p").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_mirrored_box_is_named_by_its_picture(tmp_path: Path, album: Split) -> None:
    found = draw(album, copies=2, seed=1)
    found[5][1][0] = np.nan
    with pytest.raises(DataError, match=r"RC254.*got ü, row 0"):
        write_proposals(tmp_path / "p", album, found, copies=2)


def test_a_picture_that_fails_leaves_nothing_behind(tmp_path: Path, album: Split) -> None:
    def failing() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        yield torch.zeros(0, 4), torch.zeros(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_proposals(tmp_path / "p", album, failing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("point", [*files.POINTS, "mid_write"])
def test_killed_at_any_instant_the_old_file_or_the_new_one_is_there(
    tmp_path: Path, album: Split, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_proposals(tmp_path / "p", album, draw(album))
    old = StoredProposals.open(tmp_path / "p").boxes

    def stop(reached: str) -> None:
        if reached == point:
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "hooks", [stop])
    with pytest.raises(KeyboardInterrupt):
        write_proposals(tmp_path / "p", album, draw(album, seed=5))
    new = sum(len(boxes) for boxes, _ in draw(album, seed=5))
    assert new != old
    stored = StoredProposals.open(tmp_path / "p")
    assert stored.boxes == (new if point.startswith("after") else old)
    stored.require_fit(album)


def test_a_folder_that_is_not_there(tmp_path: Path, album: Split) -> None:
    with pytest.raises(DiskError, match="RC603"):
        write_proposals(tmp_path / "no" / "p", album, draw(album))
