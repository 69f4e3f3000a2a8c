"""Devices and precisions: what is here is found, what is not here is a clear error.

Cards are mocked: what CUDA and MPS would answer is put in torch's place.
"""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from frcnn import machine
from frcnn.errors import ConfigError

CPU = torch.device("cpu")


@pytest.fixture
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Two CUDA cards; `.bfloat16` says whether they compute it."""
    about = SimpleNamespace(bfloat16=True)
    card = SimpleNamespace(name="Mock A100", total_memory=40 * 2**30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: card)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: about.bfloat16
    )
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    return about


@pytest.fixture
def apple(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("auto", ("auto", None)),
        ("cpu", ("cpu", None)),
        ("mps", ("mps", None)),
        ("cuda", ("cuda", None)),
        ("cuda:0", ("cuda", 0)),
        ("cuda:12", ("cuda", 12)),
    ],
)
def test_names_are_read(name: str, parts: tuple[str, int | None]) -> None:
    assert machine.split_device(name) == parts


@pytest.mark.parametrize(
    "name", ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "0", "cuda:1234", "cuda:١"]
)
def test_names_that_nobody_has_heard_of(name: str) -> None:
    for read in (machine.split_device, machine.resolve_device):
        with pytest.raises(ConfigError, match="no device of that name") as caught:
            read(name)
        assert caught.value.code == "RC360"
        assert caught.value.got == repr(name)


@pytest.mark.usefixtures("no_cards")
def test_a_plain_machine() -> None:
    assert machine.resolve_device("auto") == CPU
    assert machine.resolve_device("cpu") == CPU


@pytest.mark.usefixtures("no_cards")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_what_is_not_here_is_said(name: str) -> None:
    with pytest.raises(ConfigError, match="no such device") as caught:
        machine.resolve_device(name)
    assert caught.value.code == "RC361"
    assert caught.value.place == f"--device {name}"
    assert "--device cpu" in caught.value.fix


def test_cards_are_taken_first(two_cards: SimpleNamespace) -> None:
    assert machine.resolve_device("auto") == torch.device("cuda")
    assert machine.resolve_device("cuda:1") == torch.device("cuda", 1)
    assert machine.resolve_device("cpu") == CPU


def test_a_card_too_many(two_cards: SimpleNamespace) -> None:
    with pytest.raises(ConfigError, match=r"2 card\(s\)") as caught:
        machine.resolve_device("cuda:2")
    assert caught.value.code == "RC361"


@pytest.mark.usefixtures("apple")
def test_apples_device() -> None:
    assert machine.resolve_device("auto") == torch.device("mps")
    assert machine.resolve_device("mps") == torch.device("mps")


class TestPrecision:
    @pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
    def test_cpu_takes_bfloat16_only_where_it_is_native(
        self, monkeypatch: pytest.MonkeyPatch, *, native: bool, dtype: torch.dtype
    ) -> None:
        monkeypatch.setattr("frcnn.machine.devices.has_native_bfloat16", lambda: native)
        assert machine.resolve_precision("auto", CPU) == dtype

    def test_cuda_takes_float16_on_older_cards(self, two_cards: SimpleNamespace) -> None:
        device = torch.device("cuda")
        assert machine.resolve_precision("auto", device) == torch.bfloat16
        two_cards.bfloat16 = False
        assert machine.resolve_precision("auto", device) == torch.float16

    def test_mps_takes_float16(self) -> None:
        assert machine.resolve_precision("auto", torch.device("mps")) == torch.float16

    @pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
    def test_named_ones_are_what_they_say(self, device: str, two_cards: SimpleNamespace) -> None:
        where = torch.device(device)
        assert machine.resolve_precision("float32", where) == torch.float32
        assert machine.resolve_precision("bfloat16", where) == torch.bfloat16

    def test_float16_on_cards(self) -> None:
        assert machine.resolve_precision("float16", torch.device("cuda")) == torch.float16

    @pytest.mark.parametrize("name", ["", "half", "fp16", "bf16", "AUTO"])
    def test_unknown_names(self, name: str) -> None:
        with pytest.raises(ConfigError, match="no number format") as caught:
            machine.resolve_precision(name, CPU)
        assert caught.value.code == "RC362"

    def test_float16_on_a_cpu_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="not on cpu") as caught:
            machine.resolve_precision("float16", CPU)
        assert caught.value.code == "RC363"
        assert "float32" in caught.value.want

    def test_bfloat16_on_a_card_without_it(self, two_cards: SimpleNamespace) -> None:
        two_cards.bfloat16 = False
        with pytest.raises(ConfigError, match="this card has no bfloat16"):
            machine.resolve_precision("bfloat16", torch.device("cuda"))


def test_list_of_a_plain_machine(no_cards: None) -> None:
    (row,) = machine.list_devices()
    assert row["device"] == "cpu"
    assert row["auto_precision"] in {"float32", "bfloat16"}


def test_list_of_a_machine_with_cards(two_cards: SimpleNamespace) -> None:
    rows = machine.list_devices()
    assert [row["device"] for row in rows] == ["cpu", "cuda:0", "cuda:1"]
    assert rows[2] == {
        "device": "cuda:1",
        "name": "Mock A100",
        "memory": 40 * 2**30,
        "auto_precision": "bfloat16",
    }


def test_list_of_apples_machine(apple: None) -> None:
    assert [row["device"] for row in machine.list_devices()] == ["cpu", "mps"]


def test_names_are_checked_without_torch() -> None:
    code = (
        "import sys; from frcnn import machine; machine.split_device('cuda:1'); "
        "machine.require_precision_name('auto'); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "device", "layout"),
    [
        ("auto", "cpu", torch.channels_last),
        ("auto", "cuda", torch.channels_last),
        ("auto", "mps", torch.contiguous_format),
        ("channels_last", "mps", torch.channels_last),
        ("contiguous", "cpu", torch.contiguous_format),
    ],
)
def test_memory_formats(name: str, device: str, layout: torch.memory_format) -> None:
    assert machine.resolve_memory_format(name, torch.device(device)) is layout
