"""The safetensors container: what the package writes we write, and what attacks we refuse."""

import json
import os
import struct
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from frcnn.errors import ModelFileError
from frcnn.weights import container

TENSORS = {
    "b": torch.arange(6.0).reshape(2, 3),
    "a": torch.tensor(7.0),
    "half": torch.tensor([1.5, -2.0]).half(),
    "brain": torch.tensor([[0.5]]).bfloat16(),
    "count": torch.tensor(3),
    "mask": torch.tensor([True, False, True]),
    "bytes": torch.tensor([1, 2, 255], dtype=torch.uint8),
    "none": torch.zeros(0, 4),
    "channels_last": torch.arange(32.0)
    .reshape(1, 2, 4, 4)
    .contiguous(memory_format=torch.channels_last),
    "strided": torch.arange(10.0)[::2],
    "double": torch.tensor([1e-300], dtype=torch.float64),
}


def write(path: Path, tensors=TENSORS, metadata=None) -> Path:
    with path.open("wb") as stream:
        container.write(stream, container.make_prefix(tensors, metadata or {}), tensors)
    return path


def raw(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(start: int, end: int, shape=(1,), dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def code_of(path: Path) -> str:
    with pytest.raises(ModelFileError) as raised:
        container.read(path)
    assert str(path) in str(raised.value)
    assert raised.value.exit_code == 5
    return raised.value.code


# golden


def test_golden_by_hand(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"x": torch.tensor([1.0, 2.0])}, {"k": "v"})
    text = b'{"__metadata__":{"k":"v"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    text += b" " * (-len(text) % 8)
    want = struct.pack("<Q", len(text)) + text + struct.pack("<ff", 1.0, 2.0)
    assert path.read_bytes() == want


def test_the_same_bytes_as_the_package_writes(tmp_path: Path) -> None:
    plain = {name: tensor.contiguous() for name, tensor in TENSORS.items()}
    want = safetensors.torch.save(plain, {"frcnn": 'a "text" ü'})
    path = write(tmp_path / "a", metadata={"frcnn": 'a "text" ü'})
    assert path.read_bytes() == want


def test_read_gives_back_what_was_written(tmp_path: Path) -> None:
    contents = container.read(write(tmp_path / "a", metadata={"k": "v", "ü": ""}))
    assert contents.metadata == {"k": "v", "ü": ""}
    assert set(contents.tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert contents.tensors[name].dtype == tensor.dtype
        assert torch.equal(contents.tensors[name], tensor), name


def test_nothing_is_mapped_from_the_disk(tmp_path: Path) -> None:
    path = write(tmp_path / "a")
    tensors = container.read(path).tensors
    path.write_bytes(b"\0" * path.stat().st_size)
    path.unlink()
    assert torch.equal(tensors["b"], TENSORS["b"])


# what always holds


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda n: n != "__metadata__"),
        st.tuples(
            st.sampled_from(list(container._DTYPES)), st.lists(st.integers(0, 3), max_size=3)
        ),
        max_size=5,
    )
)
@settings(max_examples=40)
def test_any_names_types_and_shapes(tmp_path_factory: pytest.TempPathFactory, forms) -> None:
    tensors = {name: torch.ones(shape).to(dtype) for name, (dtype, shape) in forms.items()}
    path = write(tmp_path_factory.mktemp("a") / "file", tensors)
    contents = container.read(path)
    assert set(contents.tensors) == set(tensors)
    assert all(torch.equal(contents.tensors[name], tensors[name]) for name in tensors)
    data = b"".join(container.as_bytes(tensor) for tensor in contents.tensors.values())
    assert contents.prefix + data == path.read_bytes()


def test_order_of_the_input_changes_nothing() -> None:
    backwards = dict(reversed(TENSORS.items()))
    assert container.make_prefix(TENSORS, {}) == container.make_prefix(backwards, {})


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    write(tmp_path / "a")
    (tmp_path / "link").symlink_to("a")
    assert set(container.read(tmp_path / "link").tensors) == set(TENSORS)


# nothing in


def test_no_tensors(tmp_path: Path) -> None:
    contents = container.read(write(tmp_path / "a", {}))
    assert contents.tensors == {}
    assert contents.metadata == {}


# wrong in: E03 and E10


@pytest.mark.parametrize("keep", [0, 4, 7, 8, 60, 0.5, -1])
def test_cut_short(tmp_path: Path, keep: float) -> None:
    path = write(tmp_path / "a")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep) if keep == 0.5 else int(keep)])
    assert code_of(path) in ("RC502", "RC504")


ATTACKS = {
    "one byte more": (raw({"a": entry(0, 4)}, b"\0" * 5), "RC504"),
    "a header of a tebibyte": (struct.pack("<Q", 2**40) + b"{}", "RC502"),
    "a header as long as can be": (struct.pack("<Q", 2**64 - 1) + b"{}", "RC502"),
    "tensors that overlap": (
        raw({"a": entry(0, 4), "b": entry(0, 4)}, b"\0" * 4),
        "RC504",
    ),
    "a hole": (raw({"a": entry(4, 8)}, b"\0" * 8), "RC504"),
    "a shape that overflows": (raw({"a": entry(0, 4, (2**32, 2**32, 2**32))}, b"\0" * 4), "RC504"),
    "a shape beyond its bytes": (raw({"a": entry(0, 4, (1000,))}, b"\0" * 4), "RC504"),
    "a negative side": (raw({"a": entry(0, 4, (-1,))}, b"\0" * 4), "RC504"),
    "offsets beyond the file": (raw({"a": entry(0, 4000, (1000,))}, b"\0" * 4), "RC504"),
    "offsets the wrong way round": (raw({"a": entry(4, 0)}, b"\0" * 4), "RC504"),
    "an unknown type": (raw({"a": entry(0, 4, dtype="F99")}, b"\0" * 4), "RC504"),
    "a name twice": (
        raw(b'{"a":%s,"a":%s}' % ((json.dumps(entry(0, 4)).encode(),) * 2), b"\0" * 4),
        "RC504",
    ),
    "a name twice further in": (raw(b'{"a":{"dtype":"F32","dtype":"F32"}}'), "RC504"),
    "500,000 empty tensors": (
        raw({f"tensor_{row}": entry(0, 0, (0,)) for row in range(500_000)}),
        "RC503",
    ),
    "10,001 empty tensors": (
        raw({f"t{row}": entry(0, 0, (0,)) for row in range(10_001)}).replace(b" ", b""),
        "RC503",
    ),
    "a header above the cap": (raw(b" " * (container.HEADER_CAP + 1)), "RC503"),
    "lists in lists": (raw(b"[" * 500_000), "RC504"),
    "mappings in mappings": (raw(b'{"a":' * 150_000), "RC504"),
    "no JSON": (raw(b"hello"), "RC504"),
    "a list": (raw(b"[]"), "RC504"),
    "no UTF-8": (raw(b'{"\xff": 1}'), "RC504"),
    "numbers for metadata": (raw({"__metadata__": {"a": 1}}), "RC504"),
    "an entry that is a text": (raw({"a": "F32"}), "RC504"),
    "text": (b"<html>404 Not Found</html>", "RC502"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(tmp_path: Path, name: str) -> None:
    content, code = ATTACKS[name]
    content = content if name != "10,001 empty tensors" else _repacked(content)
    (tmp_path / "a").write_bytes(content)
    assert code_of(tmp_path / "a") == code


def _repacked(content: bytes) -> bytes:
    """The header has lost its blanks; tell its length anew."""
    return struct.pack("<Q", len(content) - 8) + content[8:]


def test_places_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("gone")
    (tmp_path / "ring").symlink_to("ring")
    (tmp_path / "to a device").symlink_to("/dev/zero")
    places = [tmp_path / name for name in ("pipe", "nowhere", "ring", "gone", "to a device")]
    for place in (*places, tmp_path, Path("/dev/zero"), tmp_path / "a\0b"):
        with pytest.raises(ModelFileError, match="no model file") as raised:
            container.read(place)
        assert raised.value.code == "RC501", place


def test_a_type_the_format_lacks() -> None:
    with pytest.raises(ModelFileError, match="complex64") as raised:
        container.make_prefix({"a": torch.zeros(1, dtype=torch.complex64)}, {})
    assert raised.value.code == "RC504"


def test_too_much_is_not_written() -> None:
    with pytest.raises(ModelFileError, match="RC503"):
        container.make_prefix({}, {"frcnn": "x" * container.HEADER_CAP})
    many = {str(row): torch.zeros(0) for row in range(container.TENSOR_CAP)}
    with pytest.raises(ModelFileError, match="RC503"):
        container.make_prefix(many, {})
