"""read_tensors: PyTorch's files, old and new; and everything that is more than weights, refused."""

import collections
import contextlib
import io
import os
import pickle
import resource
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from frcnn.errors import ModelFileError
from frcnn.weights import unpickle
from frcnn.weights.unpickle import is_pickle, read_tensors

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
PLAIN = {
    "weight": torch.arange(6.0).reshape(2, 3),
    "bias": torch.tensor([1, 2]),
    "n": torch.ones(()),
}


def save(path: Path, content: object, *, new: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=new)
    return path


def zipped(path: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def refusal(path: Path) -> ModelFileError:
    with pytest.raises(ModelFileError) as raised:
        read_tensors(path)
    error = raised.value
    assert error.exit_code == 5
    assert error.place == str(path)
    assert "weights_only" not in str(error), "torch's advice is to read it unguarded"
    assert error.__suppress_context__ or error.__context__ is None
    return error


# golden


@pytest.mark.parametrize("new", [True, False], ids=["zip", "older"])
def test_plain_weights(tmp_path: Path, new: bool) -> None:
    found = read_tensors(save(tmp_path / "a.pth", PLAIN, new=new))
    assert list(found) == list(PLAIN)
    for name, tensor in PLAIN.items():
        assert torch.equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype


@pytest.mark.parametrize("new", [True, False], ids=["zip", "older"])
def test_a_networks_state(tmp_path: Path, new: bool) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    found = read_tensors(save(tmp_path / "a.pth", network.state_dict(), new=new))
    assert all(torch.equal(found[name], t) for name, t in network.state_dict().items())


@pytest.mark.parametrize("under", ["state_dict", "model_state_dict", "model_state", "model"])
def test_weights_within_a_training_checkpoint(tmp_path: Path, under: str) -> None:
    network = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    content = {
        "epoch": 3,
        "best": 0.5,
        "name": None,
        under: dict(network.named_parameters()),
        "optimizer": optimizer.state_dict(),
    }
    found = read_tensors(save(tmp_path / "a.pth", content))
    assert torch.equal(found["weight"], network.weight)
    assert not found["weight"].requires_grad


def test_every_type_of_number(tmp_path: Path) -> None:
    types = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8")
    content = {name: torch.ones(3).to(getattr(torch, name)) for name in (*types, "uint8", "bool")}
    found = read_tensors(save(tmp_path / "a.pth", content))
    assert {name: tensor.dtype for name, tensor in found.items()} == {
        name: getattr(torch, name) for name in content
    }


# what always holds


def test_tensors_share_nothing(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    content = {"row": whole[1], "column": whole[:, 1], "again": whole, "turned": whole.t()}
    found = read_tensors(save(tmp_path / "a.pth", content))
    assert all(torch.equal(found[name], tensor) for name, tensor in content.items())
    found["row"].zero_()
    assert torch.equal(found["again"], whole)
    assert len({tensor.untyped_storage().data_ptr() for tensor in found.values()}) == 4


def test_the_global_generator_and_warnings_are_left_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_tensors(save(tmp_path / "a.pth", PLAIN, new=False))
    assert not caught
    assert torch.equal(before, torch.get_rng_state())


def test_is_pickle_looks_at_the_first_bytes(tmp_path: Path) -> None:
    assert is_pickle(save(tmp_path / "a.safetensors", PLAIN))
    assert is_pickle(save(tmp_path / "a.safetensors", PLAIN, new=False))
    lengths = [(n).to_bytes(8, "little") + b"{" for n in (8, 0x80, 0x280, 0xF0280)]
    for content in (b"", b"PK", b"<html>", *lengths):
        (tmp_path / "b.pth").write_bytes(content)
        assert not is_pickle(tmp_path / "b.pth")
    with pytest.raises(ModelFileError, match="RC501"):
        is_pickle(tmp_path)


# nothing in


@pytest.mark.parametrize(
    "content", [{}, [], 7, None, {"a": 1}, {"state_dict": {}}, {"model": 3}, {1: torch.ones(1)}]
)
def test_no_weights_inside(tmp_path: Path, content) -> None:
    error = refusal(save(tmp_path / "a.pth", content))
    assert error.code == "RC514"
    assert "state_dict" in error.fix


# wrong in: E01, thirty programs in three wrappings


class Command:
    """Pickles to a call of anything."""

    def __init__(self, call, *arguments) -> None:
        self.call = (call, arguments)

    def __reduce__(self):
        return self.call


def call(module: str, attribute: str, *arguments: object, protocol: int = 2) -> bytes:
    """A program that calls something by its name."""
    given = pickle.dumps(arguments, protocol=protocol)[2:-1]
    return b"\x80\x02" + f"c{module}\n{attribute}\n".encode() + given + b"R."


def evil(command: str) -> dict[str, bytes]:
    """Programs that would each make a file, or hand a part of Python to whoever reads them."""
    code = f"__import__('os').system({command!r})"
    inner = pickle.dumps(Command(os.system, command), protocol=2)
    return {
        "os.system": call("os", "system", command),
        "posix.system": call("posix", "system", command),
        "reduce": inner,
        "reduce, protocol 4": pickle.dumps(Command(os.system, command), protocol=4),
        "reduce, protocol 0": pickle.dumps(Command(os.system, command), protocol=0),
        "eval": call("builtins", "eval", code),
        "eval by its old name": call("__builtin__", "eval", code),
        "exec": call("builtins", "exec", code),
        "compile": call("builtins", "compile", code, "a", "exec"),
        "import": call("builtins", "__import__", "os"),
        "getattr": call("builtins", "getattr", "x", "upper"),
        "importlib": call("importlib", "import_module", "antigravity"),
        "popen": call("subprocess", "Popen", ["sh", "-c", command]),
        "check_output": call("subprocess", "check_output", ["sh", "-c", command]),
        "pty": call("pty", "spawn", ["sh", "-c", command]),
        "run": call("runpy", "run_path", "x.py"),
        "partial": call("functools", "partial", print),
        "attrgetter": call("operator", "attrgetter", "__class__.__base__"),
        "browser": call("webbrowser", "open", "file:///etc/passwd"),
        "remove": call("shutil", "rmtree", "not there"),
        "open": call("io", "open", "PWNED", "w"),
        "torch.load": call("torch", "load", "x.pth"),
        "torch.hub": call("torch.hub", "load", "a/b", "c"),
        "torch.jit": call("torch.jit", "load", "x.pt"),
        "module": pickle.dumps(nn.Linear(1, 1), protocol=2),
        "numpy of objects": call("numpy.core.multiarray", "_reconstruct", "x", (0,), b"b"),
        "numpy's loader": call("numpy", "load", "x.npy", None, True),
        "namespace": call("argparse", "Namespace"),
        "inst": b"(S" + repr(command).encode() + b"\nios\nsystem\n.",
        "obj": b"\x80\x02(cos\nsystem\nX"
        + len(command).to_bytes(4, "little")
        + command.encode()
        + b"o.",
        "new object": b"\x80\x02csubprocess\nPopen\n)\x81.",
        "build": b"\x80\x02ccollections\nOrderedDict\n}X\x05\0\0\0itemscos\nsystem\nsb.",
        "in a mapping": b"\x80\x02}X\x01\0\0\0a" + inner[2:-1] + b"s.",
        "as a storage": inner[:-1] + b"Q.",
        "beside weights": pickle.dumps({"a": 1, "b": Command(os.system, command)}, protocol=2),
    }


NAMES = sorted(evil(""))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrapping", ["bare", "zip", "stream", "first of a stream"])
def test_programs_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, wrapping: str
) -> None:
    monkeypatch.chdir(tmp_path)
    program = evil("touch PWNED")[name]
    path = tmp_path / "a.pth"
    stream = pickle.dumps(1001, protocol=2) + pickle.dumps({}, protocol=2)
    if wrapping == "bare":
        path.write_bytes(program)
    elif wrapping == "zip":
        zipped(path, {"a/data.pkl": program, "a/version": b"3\n", "a/byteorder": b"little"})
    elif wrapping == "stream":
        path.write_bytes(MAGIC + stream + program + pickle.dumps([], protocol=2))
    else:
        path.write_bytes(MAGIC + program + stream + pickle.dumps([], protocol=2))
    assert refusal(path).code == ("RC512" if wrapping == "bare" else "RC511")
    assert os.listdir(tmp_path) == ["a.pth"]


def test_thirty_programs_at_least() -> None:
    assert len(NAMES) >= 30


def test_torchscript_and_other_archives(tmp_path: Path) -> None:
    plain = members_of(save(tmp_path / "plain.pth", PLAIN))
    program = plain["plain/data.pkl"]
    others = {
        "torchscript": plain | {"plain/constants.pkl": program, "plain/code/a.py": b"x = 1"},
        "a second program": plain | {"other/data.pkl": program},
        "no program": {name: c for name, c in plain.items() if name != "plain/data.pkl"},
        "a program too deep": {"a/b/data.pkl": program},
        "a program at the top": {"data.pkl": program},
        "source": plain | {"plain/x.py": b""},
    }
    for name, members in others.items():
        error = refusal(zipped(tmp_path / "a.pth", members))
        assert error.code == "RC511", name
        assert "data.pkl alone" in error.got


def test_files_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("pickle"), io.BytesIO())
    assert refusal(path).code == "RC512"
    for content in (
        b"",
        b"P",
        b"\x80",
        b"<html>404</html>",
        b"\x93NUMPY\x01\0",
        b"!!python/object/apply:os.system ['touch PWNED']",
        b"PK\x03\x04",
        b"PK\x03\x04" + b"x" * 100,
        MAGIC[:-1],
    ):
        path.write_bytes(content)
        assert refusal(path).code == "RC512", content
    path.write_bytes(MAGIC)
    assert refusal(path).code == "RC511"


def test_cut_short(tmp_path: Path) -> None:
    for new in (True, False):
        whole = save(tmp_path / "whole.pth", PLAIN, new=new).read_bytes()
        for keep in (20, len(whole) // 2, len(whole) - 1):
            (tmp_path / "a.pth").write_bytes(whole[:keep])
            assert refusal(tmp_path / "a.pth").code in ("RC511", "RC512", "RC513")


def test_a_flipped_byte_never_escapes_as_another_error(tmp_path: Path) -> None:
    """A .pth carries no checksum over all, so some flips pass; none ends otherwise than ours."""
    for new in (True, False):
        whole = save(tmp_path / "whole.pth", PLAIN, new=new).read_bytes()
        for position in range(0, len(whole), 17):
            flipped = bytearray(whole)
            flipped[position] ^= 0x10
            (tmp_path / "a.pth").write_bytes(flipped)
            with contextlib.suppress(ModelFileError):
                read_tensors(tmp_path / "a.pth")


# wrong in: E06, bombs


def test_packed_members_are_refused_before_they_unfold(tmp_path: Path) -> None:
    large = save(tmp_path / "large.pth", {"a": torch.zeros(8 * 1024 * 1024)})
    path = zipped(tmp_path / "a.pth", members_of(large), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refusal(path)
    assert error.code == "RC513"
    assert "33554432" in error.got or "3355" in error.got
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def test_a_stride_of_nothing(tmp_path: Path) -> None:
    for new in (True, False):
        huge = torch.ones(1).as_strided((2**40,), (0,))
        error = refusal(save(tmp_path / "a.pth", {"a": huge}, new=new))
        assert error.code == "RC511"
        assert f"{2**40} numbers in a storage of 1" in error.got


def test_storages_that_the_file_does_not_hold(tmp_path: Path) -> None:
    members = members_of(save(tmp_path / "b.pth", {"a": torch.zeros(1000)}))
    short = members | {"b/data/0": members["b/data/0"][:-4]}
    assert refusal(zipped(tmp_path / "a.pth", short)).code == "RC511"
    older = save(tmp_path / "c.pth", {"a": torch.zeros(1000)}, new=False).read_bytes()
    lying = older.replace((1000).to_bytes(2, "little"), (60_000).to_bytes(2, "little"))
    (tmp_path / "a.pth").write_bytes(lying)
    assert refusal(tmp_path / "a.pth").code in ("RC511", "RC513")


def test_a_storage_larger_than_its_file_in_an_older_file(tmp_path: Path) -> None:
    kind = b"ctorch\nFloatStorage\n"
    program = b"\x80\x02(X\x07\0\0\0storage" + kind + b"X\x01\0\0\0aX\x03\0\0\0cpu"
    program += b"\x8a\x08" + (2**40).to_bytes(8, "little") + b"NtQ."
    stream = pickle.dumps(1001, protocol=2) + pickle.dumps({}, protocol=2)
    (tmp_path / "a.pth").write_bytes(MAGIC + stream + program)
    error = refusal(tmp_path / "a.pth")
    assert error.code == "RC513"
    assert str(4 * 2**40) in error.got


def test_members_twice_or_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = members_of(save(tmp_path / "b.pth", PLAIN))
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of the second one
        for name, content in [*members.items(), ("b/data.pkl", members["b/data.pkl"])]:
            archive.writestr(name, content)
    assert refusal(tmp_path / "a.pth").code == "RC513"
    monkeypatch.setattr(unpickle, "TENSOR_CAP", 3)
    assert refusal(tmp_path / "b.pth").code == "RC513"


def test_a_program_beyond_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickle, "PROGRAM_CAP", 50)
    error = refusal(save(tmp_path / "a.pth", PLAIN))
    assert error.code == "RC511"
    assert "a program of" in error.got


# wrong in: E02


def test_what_torch_refuses_is_refused_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And there is no second try: torch.load is called once, guarded."""
    calls = []

    def refuse(*_, **given):
        calls.append(given)
        raise pickle.UnpicklingError("Weights only load failed. Set weights_only to False.")

    monkeypatch.setattr(torch, "load", refuse)
    error = refusal(save(tmp_path / "a.pth", PLAIN))
    assert error.code == "RC512"
    assert error.got == "UnpicklingError"
    assert calls == [{"map_location": "cpu", "weights_only": True}]


def test_a_mapping_that_is_more_than_one(tmp_path: Path) -> None:
    content = collections.OrderedDict(PLAIN)
    content.items_hidden = 3  # an attribute that no state_dict has
    assert refusal(save(tmp_path / "a.pth", content)).code == "RC511"
