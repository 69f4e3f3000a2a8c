"""Rehearsal: a pickle run with inert parts, instruction by instruction."""

import collections
import io
import pickle
import pickletools
import warnings

import pytest
import torch

from frcnn.weights import rehearsal
from frcnn.weights.rehearsal import Refused, Rehearsal

END = b"."


def run(program: bytes) -> Rehearsal:
    rehearsed = Rehearsal(io.BytesIO(program))
    rehearsed.load()
    return rehearsed


def text(value: str) -> bytes:
    return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def number(value: int) -> bytes:
    return b"\x8a\x10" + value.to_bytes(16, "little", signed=True)


def storage(kind: str = "FloatStorage", key: str = "0", items: int = 6) -> bytes:
    """MARK ("storage", kind, key, "cpu", items) and the order to bring it."""
    parts = (text("storage"), name("torch", kind), text(key), text("cpu"), number(items))
    return b"(" + b"".join(parts) + b"tQ"


def tensor(offset: int = 0, shape=(2, 3), stride=(3, 1), **given) -> bytes:
    sides = (b"(" + b"".join(number(n) for n in numbers) + b"t" for numbers in (shape, stride))
    arguments = storage(**given) + number(offset) + b"".join(sides)
    hooks = name("collections", "OrderedDict") + b")R"
    return name("torch._utils", "_rebuild_tensor_v2") + b"(" + arguments + b"\x89" + hooks + b"tR"


def mapping(*pairs: bytes) -> bytes:
    return b"\x80\x02}(" + b"".join(pairs) + b"u" + END


# golden


def test_a_state_dict_adds_up() -> None:
    double = tensor(kind="DoubleStorage", key="1", items=10)
    done = run(mapping(text("a"), tensor(), text("b"), double, text("c"), tensor()))
    assert done.total_bytes == 6 * 4 + 10 * 8  # the storage that two tensors share counts once


@pytest.mark.parametrize(("kind", "count"), rehearsal._ITEM_BYTES.items())
def test_item_bytes_are_torchs(kind: str, count: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch is about to drop these types, not their names
        assert getattr(torch, kind).dtype.itemsize == count
    assert run(mapping(text("a"), tensor(kind=kind, items=100))).total_bytes == 100 * count


def test_instructions_are_those_that_the_comment_names() -> None:
    names = {op.code.encode("latin-1"): op.name for op in pickletools.opcodes}
    allowed = {names[bytes([code])] for code in rehearsal._INSTRUCTIONS}
    assert not allowed & {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "PERSID"}
    assert {"GLOBAL", "REDUCE", "BUILD", "BINPERSID", "STOP", "PROTO", "LONG1"} <= allowed
    assert len(allowed) == len(rehearsal._INSTRUCTIONS)


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, "x", None, True, False, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]},
        collections.OrderedDict(a=1, b=collections.OrderedDict()),
        {"big": 2**80, "negative": -(2**40), "medium": 70_000, "list": [[], [1]]},
        {1: {"step": 3}},
    ],
)
def test_plain_values_pass(value) -> None:
    assert run(pickle.dumps(value, protocol=2)).total_bytes == 0


def test_ordered_dictionaries_as_python_2_wrote_them() -> None:
    pair = b"]" + b"](" + text("a") + b"K\x01ea"  # [["a", 1]]
    run(b"\x80\x02" + name("collections", "OrderedDict") + pair + b"\x85R" + END)
    bad = b"]](K\x02K\x01ea"
    with pytest.raises(Refused, match="something else than names"):
        run(b"\x80\x02" + name("collections", "OrderedDict") + bad + b"\x85R" + END)


def test_sizes_must_be_those_of_the_file() -> None:
    done = run(mapping(text("a"), tensor()))
    done.require_sizes({"0": 24, "another": 3})
    for found in ({"0": 23}, {"0": 25}, {}, {"00": 24}):
        with pytest.raises(Refused, match="storage 0"):
            done.require_sizes(found)


# nothing in


def test_a_scalar_and_an_empty_tensor_pass() -> None:
    run(mapping(text("a"), tensor(shape=(), stride=(), items=1)))
    run(mapping(text("a"), tensor(shape=(0, 4), stride=(4, 1), items=0)))


@pytest.mark.parametrize("program", [b"", b"\x80", b"\x80\x02", b"\x80\x02}", b"."])
def test_programs_that_end_early(program: bytes) -> None:
    with pytest.raises(Refused):
        run(program)


# wrong in


@pytest.mark.parametrize(
    ("offset", "shape", "stride", "items"),
    [
        (0, (2**40,), (0,), 1),  # 1.4 KB in the file, 4 TiB as a tensor
        (0, (2, 3), (0, 0), 1),
        (0, (2, 3), (3, 1), 5),
        (1, (2, 3), (3, 1), 6),
        (0, (2, 3), (100, 1), 6),
        (-1, (1,), (1,), 6),
        (0, (-1,), (1,), 6),
        (0, (1,), (-1,), 6),
        (0, (2,), (1, 1), 6),
        (6, (1,), (1,), 6),
    ],
)
def test_tensors_that_leave_their_storage(offset: int, shape, stride, items: int) -> None:
    with pytest.raises(Refused, match="tensor"):
        run(mapping(text("a"), tensor(offset, shape, stride, items=items)))


@pytest.mark.parametrize(
    "program",
    [
        storage(items=-1),
        text("storage") + b"Q",
        b"(" + text("other") + b"tQ",
        b"(" + text("storage") + text("FloatStorage") + text("0") + text("cpu") + b"K\x01tQ",
        storage() + storage(items=7),  # one key, two sizes
        storage() + storage(kind="LongStorage", items=3),
        storage()[:-2] + b"(K\x01ttQ",  # a view of another storage
    ],
)
def test_storages_that_are_no_plain_ones(program: bytes) -> None:
    with pytest.raises(Refused, match="storage"):
        run(b"\x80\x02" + program + END)


@pytest.mark.parametrize(
    "program",
    [
        name("os", "system") + text("true") + b"\x85R",
        name("builtins", "eval"),
        name("torch", "load"),
        name("torch", "nn.Module"),
        name("torch._utils", "_rebuild_device_tensor_from_numpy"),
        name("collections", "Counter"),
        name("torch.storage", "UntypedStorage"),
        b"\x8c\x02os\x8c\x06system\x93",  # STACK_GLOBAL
        b"(S'true'\nios\nsystem\n",  # INST
        b"(" + name("collections", "OrderedDict") + b"o",  # OBJ
        name("collections", "OrderedDict") + b")\x81",  # NEWOBJ
        b"\x82\x01",  # EXT1
        b"Pname\n",  # a text as the name of a storage
        b"\x96" + (2**60).to_bytes(8, "little"),  # BYTEARRAY8
        b"\x8e" + (2**60).to_bytes(8, "little"),  # BINBYTES8
        b"T" + b"\xff\xff\xff\x7f" + b"x",  # a text of 2 GiB that is not there
        b"X" + b"\xff\xff\xff\xff",
        b"h\x05",  # a memo never filled
        text("a") + b")R",  # a text, called
        b"K\x01" + b")R",
        b"}" + text("items") + b"K\x01s}b",  # attributes on a plain dictionary
        name("torch._utils", "_rebuild_tensor_v2") + b"}" + text("x") + b"K\x01sb",
        name("collections", "OrderedDict") + b")R}" + text("items") + b"K\x01sb",
        name("collections", "OrderedDict") + b")RK\x01b",
        name("torch._utils", "_rebuild_parameter") + b"K\x01\x89N\x87R",
        name("torch._utils", "_rebuild_tensor_v2") + b"(K\x01K\x01K\x01K\x01tR",
        name("torch._utils", "_rebuild_tensor_v2") + b")R",
        b"}N" + b"K\x01s",  # None as a name
        b"])K\x01s",  # an entry set in a list
        b"}(" + text("a") + b"u",  # a name without a value
        b"K\x01e",
        b"cos",  # ends within a name
    ],
)
def test_programs_of_no_weights_file(program: bytes) -> None:
    with pytest.raises(Refused):
        run(b"\x80\x02" + program + END)


def test_keys_as_deep_as_a_well_do_not_end_the_process() -> None:
    """Hashing a tuple in a tuple in a tuple ... overflows C's stack where nothing stops it."""
    with pytest.raises(Refused, match="something else than names"):
        run(b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s" + END)


def test_a_memo_of_billions_takes_no_memory() -> None:
    run(b"\x80\x02}r\xff\xff\xff\xff" + END)


def test_more_than_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "PROGRAM_CAP", 1000)
    run(b"\x80\x02](" + b"K\x01" * 400 + b"e" + END)
    with pytest.raises(Refused, match="more than 1000 bytes"):
        run(b"\x80\x02](" + b"K\x01" * 500 + b"e" + END)
    with pytest.raises(Refused, match="ends within a name"):
        run(b"\x80\x02c" + b"x" * 2000 + b"\n")


def test_the_stand_ins_stay_as_they_are() -> None:
    before = dict(rehearsal._STAND_INS)
    for program in (name("collections", "OrderedDict") + b"}" + text("_metadata") + b"K\x01sb",):
        with pytest.raises(Refused):
            run(b"\x80\x02" + program + END)
    assert before == rehearsal._STAND_INS
    assert not hasattr(before["collections", "OrderedDict"], "_metadata")
