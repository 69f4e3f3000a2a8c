"""Our weights files: read as written, or refused; never half there."""

import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import torch

from frcnn import files
from frcnn._version import __version__
from frcnn.errors import DiskError, ModelFileError
from frcnn.weights import container, file
from frcnn.weights.file import Header, load, read_header, save

HEADER = Header(
    classes=("platelet", "rötliche Zelle", "white cell"),
    config={"backbone": {"name": "vgg16", "stages": [1, 2]}, "lr": 1e-3, "none": None},
    extra={"step": 12, "figures": {"ap50": 0.89}},
)
GOLDEN = Path(__file__).parent / "golden" / "format_1.safetensors"


def tensors() -> dict[str, torch.Tensor]:
    return {
        "backbone.weight": torch.linspace(-1, 1, 24).reshape(2, 3, 2, 2),
        "head.bias": torch.tensor([0.1, 0.2]).half(),
        "steps": torch.tensor(12),
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save(tmp_path / "best.safetensors", tensors(), HEADER)
    return tmp_path / "best.safetensors"


def refusal(path: Path) -> ModelFileError:
    with pytest.raises(ModelFileError) as raised:
        load(path)
    assert raised.value.exit_code == 5
    assert raised.value.place == str(path)
    return raised.value


def with_header(path: Path, text: str) -> Path:
    """A sound container with any text as our header."""
    prefix = container.make_prefix({}, {"frcnn": text})
    path.write_bytes(prefix)
    return path


# golden


def test_a_file_of_format_1_is_read_for_ever() -> None:
    """Written by frcnn 0.1.0: `save(path, {"weight": arange(6.0).reshape(2, 3)}, header)`."""
    header, found = load(GOLDEN)
    assert header == Header(
        classes=("one", "zwei ü"),
        config={"backbone": {"name": "resnet18"}},
        extra={"step": 3},
        format_version=1,
        made_by="frcnn 0.1.0",
        sha256=header.sha256,
    )
    assert torch.equal(found["weight"], torch.arange(6.0).reshape(2, 3))
    assert read_header(GOLDEN) == header


def test_read_gives_back_what_was_written(path: Path) -> None:
    header, found = load(path)
    assert replace(header, sha256="") == HEADER
    assert header.made_by == f"frcnn {__version__}"
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors().items())
    assert read_header(path) == header


def test_save_gives_the_header_as_written(tmp_path: Path) -> None:
    written = save(tmp_path / "a", tensors(), HEADER)
    assert written == load(tmp_path / "a")[0]
    assert len(written.sha256) == 64


def test_the_checksum_is_that_of_the_file_with_blank_digits(path: Path, tmp_path: Path) -> None:
    digest = read_header(path).sha256
    (tmp_path / "blank").write_bytes(path.read_bytes().replace(digest.encode(), b"0" * 64))
    assert files.sha256_of_file(tmp_path / "blank") == digest


def test_tuples_and_mappings_come_back_as_json_has_them(tmp_path: Path) -> None:
    config = {"sides": (1, 2), "inner": MappingProxyType({"a": 1})}
    save(tmp_path / "a", {}, replace(HEADER, config=MappingProxyType(config)))
    assert load(tmp_path / "a")[0].config == {"sides": [1, 2], "inner": {"a": 1}}


# what always holds


def test_the_same_input_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    save(tmp_path / "again", dict(reversed(tensors().items())), HEADER)
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_the_order_of_classes_is_part_of_the_checksum(tmp_path: Path) -> None:
    turned = replace(HEADER, classes=HEADER.classes[::-1])
    sums = {save(tmp_path / "a", tensors(), header).sha256 for header in (HEADER, turned)}
    assert len(sums) == 2


@pytest.mark.parametrize("step", [61, pytest.param(1, marks=pytest.mark.slow)])
def test_a_flipped_bit_anywhere_is_found(path: Path, step: int) -> None:
    """Every bit of the file in the slow run (over five thousand), one of 61 in the other."""
    content = path.read_bytes()
    assert 8 * len(content) > 5000
    for position in range(0, 8 * len(content), step):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        assert refusal(path).code.startswith("RC50"), position
    path.write_bytes(content)
    load(path)


def test_a_blank_for_a_blank_is_found(path: Path) -> None:
    """White space in the header means nothing to JSON, and all the same it is found."""
    padded = 0
    for length in range(8):  # one of them ends at a multiple of eight, the others are padded
        save(path, tensors(), Header(classes=("a" * (length + 1),)))
        content = path.read_bytes()
        end = 8 + int.from_bytes(content[:8], "little")
        if content[end - 1 : end] == b" ":
            path.write_bytes(content[: end - 1] + b"\n" + content[end:])
            assert refusal(path).code == "RC505"
            padded += 1
    assert padded == 7


@pytest.mark.parametrize("point", ["mid_write", "before_fsync", "before_rename", "after_rename"])
def test_killed_in_a_save_the_old_or_the_new_is_whole(
    path: Path, point: str, in_child: Callable
) -> None:
    def work() -> None:
        kill = {point: lambda: os.kill(os.getpid(), signal.SIGKILL)}
        files.hooks.append(lambda at: kill.get(at, lambda: None)())
        save(path, {"new": torch.ones(3)}, HEADER)

    assert os.WTERMSIG(in_child(work)) == signal.SIGKILL
    _, found = load(path)
    assert set(found) == ({"new"} if point == "after_rename" else set(tensors()))
    files.remove_leftovers(path.parent)
    assert os.listdir(path.parent) == [path.name]


def test_a_full_disk_keeps_the_old_file_and_tells_what_it_takes(
    path: Path, in_child: Callable
) -> None:
    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(DiskError, match=r"want 4\.0 MiB or more") as raised:
            save(path, {"large": torch.zeros(1024, 1024)}, HEADER)
        assert raised.value.code == "RC601"

    assert in_child(work) == 0
    assert set(load(path)[1]) == set(tensors())
    assert os.listdir(path.parent) == [path.name]


# nothing in


def test_no_tensors_and_no_settings(tmp_path: Path) -> None:
    save(tmp_path / "a", {}, Header(classes=("a",)))
    header, found = load(tmp_path / "a")
    assert (dict(header.config), dict(header.extra), found) == ({}, {}, {})


# wrong in


@pytest.mark.parametrize(
    ("classes", "word"),
    [
        ((), "no class"),
        (("a", "b", "a"), "'a' 2 times"),
        (("a", ""), "class 1"),
        (("  ",), "class 0"),
        (("a\nb",), "class 0"),
        (("a\0",), "class 0"),
        (("a", 7), "7 as class 1"),
        (("\ud800",), "class 0"),
    ],
)
def test_class_names_that_cannot_be(classes, word: str) -> None:
    with pytest.raises(ModelFileError, match="RC507") as raised:
        Header(classes=classes)
    assert word in raised.value.got


def test_unicode_names_are_kept_to_the_byte(tmp_path: Path) -> None:
    names = ("é", "e\u0301", "赤", "🎲", "-x", 'quote"', "a\\b")  # NFC and NFD are two names
    save(tmp_path / "a", {}, Header(classes=names))
    assert load(tmp_path / "a")[0].classes == names


def test_ten_megabytes_of_names_are_refused(tmp_path: Path) -> None:
    names = tuple(f"{row:01000d}" for row in range(10_000))
    with pytest.raises(ModelFileError, match="RC503"):
        save(tmp_path / "a", {}, Header(classes=names))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1j}, torch.ones(1)])
def test_settings_that_are_no_json(tmp_path: Path, value) -> None:
    with pytest.raises(ModelFileError, match="RC509"):
        save(tmp_path / "a", {}, Header(classes=("a",), extra={"x": value}))
    assert not os.listdir(tmp_path)


def test_somebody_elses_container(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(container.make_prefix({}, {"format": "pt"}))
    error = refusal(tmp_path / "a")
    assert error.code == "RC506"
    assert "--backbone-weights" in error.fix
    (tmp_path / "a").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    assert refusal(tmp_path / "a").code == "RC506"
    odd = b'{"__metadata__":7}'
    (tmp_path / "a").write_bytes(len(odd).to_bytes(8, "little") + odd)
    with pytest.raises(ModelFileError, match="RC506"):
        read_header(tmp_path / "a")


def test_a_newer_format_is_named(tmp_path: Path) -> None:
    text = '{"format_version": 2, "made_by": "frcnn 9.1", "something": "else"}'
    error = refusal(with_header(tmp_path / "a", text))
    assert error.code == "RC508"
    assert error.got == "format 2 by frcnn 9.1"
    assert f"frcnn {__version__}" in error.want
    assert "upgrade" in error.fix


def test_an_older_format_is_read(path: Path) -> None:
    assert file.FORMAT_VERSION == 1, "keep a golden file of each format and read them all"


GOOD = (
    '{"classes": ["a"], "config": {}, "extra": {}, "format_version": 1, "made_by": "x", '
    f'"sha256": "{"1" * 64}"}}'
)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (GOOD, "{", "RC509"),
        (GOOD, "[]", "RC509"),
        (GOOD, "[" * 100_000, "RC509"),
        ('"config": {}', '"config": {"a": NaN}', "RC509"),
        ('"config": {}', '"config": []', "RC509"),
        ('"extra": {}, ', "", "RC509"),
        ('"extra"', '"more": 1, "extra"', "RC509"),
        ('"x"', "7", "RC509"),
        ('["a"]', '"a"', "RC509"),
        ('["a"]', "[]", "RC507"),
        ('["a"]', '["a", "a"]', "RC507"),
        ('["a"]', '[["a"]]', "RC507"),
        ('"format_version": 1', '"format_version": 0', "RC509"),
        ('"format_version": 1', '"format_version": "1"', "RC509"),
        ("1" * 64, "1" * 63, "RC509"),
        ("1" * 64, "G" * 64, "RC509"),
        ("1" * 64, "2" * 64, "RC505"),
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in GOOD
    path = with_header(tmp_path / "a", GOOD.replace(old, new))
    assert refusal(path).code == code


def test_a_checksum_that_stands_twice(tmp_path: Path) -> None:
    twice = GOOD.replace('"made_by": "x"', f'"made_by": "{"1" * 64}"')
    assert refusal(with_header(tmp_path / "a", twice)).code == "RC505"
