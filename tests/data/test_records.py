"""Records, samples and splits; A11 and A47 of the catalogue."""

import hashlib
import os
import pickle
from dataclasses import replace

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from frcnn.data import records
from frcnn.data.box_notes import to_notes
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split, decode_record, read_sample
from frcnn.errors import PictureError
from frcnn.types import Size


@pytest.fixture
def split(standard) -> Split:
    return Dataset.open(standard.root).split("train")


def test_golden_sample(split: Split, assert_dataset) -> None:
    sample = split[0]
    assert sample.name == "t00"
    assert sample.picture.shape == (3, 40, 60)
    assert sample.picture.unique().tolist() == [1]
    want = torch.tensor([[10.0, 5, 30, 20], [20, 10, 40, 35]])
    torch.testing.assert_close(sample.target.boxes, want)
    assert sample.target.labels.tolist() == [0, 1]
    assert split.classes == ("cat", "dog")
    assert split.records[0].size == Size(height=40, width=60)
    assert_dataset(split)


def test_a_split_is_a_sequence(split: Split) -> None:
    assert len(split) == 12
    assert split[-1].name == "t11"
    assert [sample.name for sample in split][:2] == ["t00", "t01"]
    assert split[torch.tensor(3)].name == "t03"  # type: ignore[index]
    with pytest.raises(IndexError):
        split[12]
    part = split[2:4]
    assert isinstance(part, Split)
    assert [r.name for r in part.records] == ["t02", "t03"]


def test_parts_of_a_split(split: Split) -> None:
    assert [r.name for r in split.subset([5, 1]).records] == ["t05", "t01"]
    assert split.subset([5]).classes == split.classes


def test_pictures_in_common(split: Split) -> None:
    assert split.in_common(split) == 12
    assert split[:3].in_common(split[2:]) == split[2:].in_common(split[:3]) == 1
    assert split.in_common(split[:0]) == split[:0].in_common(split) == 0


def test_nothing_in(split: Split) -> None:
    none = split.subset([])
    assert len(none) == 0
    assert list(none) == []
    assert none.boxes_per_class == {"cat": 0, "dog": 0}
    assert none.without_objects == 0
    assert len(none.fingerprint) == 64


def test_counts_and_words(voc) -> None:
    voc.standard()
    voc.xml("t00", [])
    split = Dataset.open(voc.root).split("train")
    assert split.boxes_per_class == {"cat": 11, "dog": 11}
    assert split.without_objects == 1
    assert repr(split) == "Split(train: 12 pictures, 1 without objects, 22 boxes of 2 classes)"


def test_records_travel_between_processes(split: Split) -> None:
    again = pickle.loads(pickle.dumps(split))
    assert again.fingerprint == split.fingerprint
    assert again.records[3].stamp == split.records[3].stamp
    torch.testing.assert_close(again[3].picture, split[3].picture)
    assert b"torch" not in pickle.dumps(split.records[0]).replace(b"frcnn", b"")


def test_what_a_file_says_of_boxes_travels_too(split: Split) -> None:
    record = replace(split.records[0], notes=to_notes([5.5], [7]))
    again = pickle.loads(pickle.dumps(record))
    assert (again.notes.areas.tolist(), again.notes.ids.tolist()) == ([5.5], [7])
    assert again.name == record.name


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # where there is one core
def test_worker_processes_decode(split: Split) -> None:
    loader = DataLoader(
        split, batch_size=None, num_workers=2, collate_fn=lambda s: (s.name, os.getpid())
    )
    found = list(loader)
    assert [name for name, _ in found] == [r.name for r in split.records]
    assert os.getpid() not in {process for _, process in found}


def test_the_same_data_has_the_same_fingerprint(standard, split: Split) -> None:
    again = Dataset.open(standard.root).split("train")
    assert again.fingerprint == split.fingerprint
    assert again.picture_fingerprint == split.picture_fingerprint
    assert split.subset(range(12)).fingerprint == split.fingerprint


@pytest.mark.parametrize(
    "change", ["box", "label", "difficult", "picture", "name", "order", "less"]
)
def test_every_change_shows_in_the_fingerprint(standard, split: Split, change: str) -> None:
    def edit(old: str, new: str) -> None:
        path = standard.root / "Annotations" / "t03.xml"
        path.write_text(path.read_text().replace(old, new, 1))

    if change == "box":
        edit("<xmin>11<", "<xmin>12<")
    elif change == "label":
        edit("cat", "dog")
    elif change == "difficult":
        edit("<difficult>0", "<difficult>1")
    elif change == "picture":
        path = standard.root / "JPEGImages" / "t03.png"
        path.write_bytes(path.read_bytes() + b"0")
    elif change == "name":
        (standard.root / "JPEGImages" / "t03.png").rename(standard.root / "JPEGImages" / "z.png")
        (standard.root / "Annotations" / "t03.xml").rename(standard.root / "Annotations" / "z.xml")
        standard.split("train", [f"t{i:02}" if i != 3 else "z" for i in range(12)])
    elif change == "order":
        standard.split("train", [f"t{i:02}" for i in reversed(range(12))])
    else:
        standard.split("train", [f"t{i:02}" for i in range(11)])
    again = Dataset.open(standard.root).split("train")
    assert again.fingerprint != split.fingerprint
    is_of_pictures = change in {"picture", "name", "order", "less"}
    assert (again.picture_fingerprint != split.picture_fingerprint) == is_of_pictures


@pytest.mark.parametrize("change", ["longer", "time", "gone", "other"])
def test_a47_changed_since_indexing(split: Split, change: str) -> None:
    record = split.records[0]
    data, stamp = record.path.read_bytes(), record.path.stat()
    if change == "longer":
        record.path.write_bytes(data + b"0")
    elif change == "time":
        os.utime(record.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    elif change == "other":
        record.path.write_bytes(split.records[1].path.read_bytes())
        os.utime(record.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 10**9))
    else:
        record.path.unlink()
    with pytest.raises(PictureError) as caught:
        split[0]
    error = caught.value
    assert error.code == ("RC108" if change == "gone" else "RC109")
    assert error.place == str(record.path)
    assert error.fix
    assert error.exit_code == 3


def test_a11_a_flipped_byte_is_found_by_its_checksum(standard) -> None:
    """The byte is a grey value: the picture decodes, and length and time are as before."""
    path = standard.root / "JPEGImages" / "t00.bmp"
    (standard.root / "JPEGImages" / "t00.png").unlink()
    from PIL import Image

    Image.new("RGB", (60, 40), (9, 9, 9)).save(path)
    good = path.read_bytes()
    sums = f"{hashlib.sha256(good).hexdigest()}  JPEGImages/t00.bmp\n"
    (standard.root / "SHA256SUMS").write_text(sums)
    record = Dataset.open(standard.root).split("train").records[0]
    assert decode_record(record).pixels[0, 0, 0] == 9
    path.write_bytes(good[:100] + b"\x0a" + good[101:])
    os.utime(path, ns=(0, record.stamp.modified_ns))
    with pytest.raises(PictureError) as caught:
        read_sample(record)
    assert (caught.value.code, caught.value.place) == ("RC110", str(path))
    assert "SHA-256" in caught.value.want


def test_a11_what_was_hashed_is_what_is_decoded(standard, monkeypatch) -> None:
    path = standard.root / "JPEGImages" / "t00.png"
    path.rename(path.with_suffix(".jpg"))
    path = path.with_suffix(".jpg")
    sums = f"{hashlib.sha256(path.read_bytes()).hexdigest()}  JPEGImages/t00.jpg\n"
    (standard.root / "SHA256SUMS").write_text(sums)
    record = Dataset.open(standard.root).split("train").records[0]
    opened: list[object] = []
    real = records.open_regular
    monkeypatch.setattr(records, "open_regular", lambda p: opened.append(p) or real(p))
    monkeypatch.setattr(records.pictures, "open_regular", lambda p: opened.append(p) or real(p))
    assert decode_record(record).notes == ("named .jpg but a PNG",)
    assert opened == [path]
    decode_record(replace(record, sha256=""))
    assert opened == [path] * 3


def test_a_picture_may_be_read_in_part_and_its_boxes_stay(split: Split, tmp_path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (60, 40), "red").save(path)
    with path.open("rb") as file:
        record = replace(split.records[0], path=path, stamp=records.stamp_of(file))
    sample = read_sample(record, lambda size: Size(size.height // 4, size.width // 4))
    assert sample.picture.shape == (3, 10, 15)
    assert sample.size == record.size == Size(height=40, width=60)
    assert sample.target is record.target
    assert read_sample(record).picture.shape == (3, 40, 60)
