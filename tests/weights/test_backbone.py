"""read_backbone: torchvision's names, the file's own preprocessing, and what is refused."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torchvision import models

from frcnn.errors import ModelFileError
from frcnn.files import sha256_of_file
from frcnn.model.backbone import Backbone, BackboneConfig
from frcnn.model.batch import CAFFE, TORCHVISION, Normalisation
from frcnn.weights import backbone, file
from frcnn.weights.backbone import ARCHITECTURES, FC6_FC7, PREPROCESSING, read_backbone

SAID = {
    "channels": "BGR",
    "range": [0, 255],
    "mean": [102.9801, 115.9465, 122.7717],
    "std": [1, 1, 1],
}


@pytest.fixture(scope="module")
def resnet() -> dict[str, torch.Tensor]:
    """A ResNet-18 with small random weights, cut down to what our backbone needs and fc."""
    state = models.resnet18(weights=None).state_dict()
    return {name: t.contiguous() for name, t in state.items() if not name.startswith("layer4")}


def write(path: Path, tensors, **metadata: str) -> Path:
    safetensors.torch.save_file(tensors, path, metadata or None)
    return path


def refusal(path: Path, architecture="resnet18") -> ModelFileError:
    with pytest.raises(ModelFileError) as raised:
        read_backbone(path, architecture)
    assert raised.value.place == str(path)
    return raised.value


# golden


def test_safetensors_with_preprocessing(tmp_path: Path, resnet) -> None:
    path = write(tmp_path / "a.safetensors", resnet, preprocessing=json.dumps(SAID))
    found = read_backbone(path, "resnet18")
    assert found.preprocessing == CAFFE
    assert found.origin == f"a.safetensors, SHA-256 {sha256_of_file(path)}"
    assert found.notes == ()
    assert set(found.tensors) == set(resnet)
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in resnet.items())


def test_torchvisions_form(tmp_path: Path, resnet) -> None:
    said = {
        "channels": "RGB",
        "range": [0, 1],
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
    }
    path = write(tmp_path / "a", resnet, preprocessing=json.dumps(said))
    assert read_backbone(str(path), "resnet18").preprocessing == TORCHVISION


def test_a_file_that_says_nothing(tmp_path: Path, resnet) -> None:
    assert read_backbone(write(tmp_path / "a", resnet), "resnet18").preprocessing is None
    torch.save(resnet, tmp_path / "b.pth")
    assert read_backbone(tmp_path / "b.pth", "resnet18").preprocessing is None


def test_names_for_the_command_line() -> None:
    assert PREPROCESSING == {"caffe": CAFFE, "torchvision": TORCHVISION}


@pytest.mark.parametrize("new", [True, False], ids=["zip", "older"])
def test_pytorchs_own_file_whatever_its_name(tmp_path: Path, resnet, new: bool) -> None:
    path = tmp_path / "weights.safetensors"
    torch.save(resnet, path, _use_new_zipfile_serialization=new)
    found = read_backbone(path, "resnet18")
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in resnet.items())


def test_half_numbers_are_widened_and_told(tmp_path: Path, resnet) -> None:
    half = {n: t.half() if t.is_floating_point() else t for n, t in resnet.items()}
    found = read_backbone(write(tmp_path / "a", half), "resnet18")
    assert found.notes == ("float16 weights became float32",)
    types = {t.dtype for t in found.tensors.values()}
    assert types == {torch.float32, torch.int64}  # the counters stay whole numbers
    assert torch.equal(found.tensors["conv1.weight"], resnet["conv1.weight"].half().float())


def test_the_real_files(shared: Path) -> None:
    caffe = read_backbone(shared / "weights/vgg16_imagenet_conv_fp16.safetensors", "vgg16")
    assert caffe.preprocessing == Normalisation(
        order="rgb", scale=1.0, mean=(123.68, 116.779, 103.939), std=(1.0, 1.0, 1.0)
    )
    assert len(caffe.tensors) == 26
    light = shared / "weights/mobilenet_v2_imagenet_fp16.safetensors"
    found = read_backbone(light, "mobilenet_v2")
    assert found.preprocessing == TORCHVISION
    assert found.notes == ("float16 weights became float32",)
    for weights, name in ((caffe, "vgg16"), (found, "mobilenet_v2")):
        network = Backbone(BackboneConfig(name=name)).body
        wanted = network.state_dict()
        network.load_state_dict({n: weights.tensors[n] for n in wanted})
    assert refusal(light, "vgg16").code == "RC516"


# what always holds


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_wanted_are_our_backbones_tensors_and_torchvision_knows_them(architecture) -> None:
    before = torch.get_rng_state()
    wanted, whole = backbone._shapes.__wrapped__(architecture)
    assert torch.equal(before, torch.get_rng_state()), "only shapes, nothing drawn"
    assert wanted
    assert wanted.items() <= whole.items()


def test_fc6_and_fc7_are_torchvisions() -> None:
    _, whole = backbone._shapes("vgg16")
    assert [whole[name] for name in FC6_FC7] == [(4096, 25088), (4096,), (4096, 4096), (4096,)]


def test_counters_may_be_missing(tmp_path: Path, resnet) -> None:
    """Files from before PyTorch 0.4.1 have none."""
    old = {name: t for name, t in resnet.items() if not name.endswith("num_batches_tracked")}
    assert set(read_backbone(write(tmp_path / "a", old), "resnet18").tensors) == set(old)


# VGG-16's head, in stand-ins of a smaller network


@pytest.fixture
def small_vgg(monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Sides of VGG-16 brought down to at most 8: the rules are about names, not sizes."""
    real = backbone._shapes("vgg16")

    def small(architecture):
        shapes = real if architecture == "vgg16" else ({}, {})
        return tuple({n: tuple(min(s, 8) for s in sh) for n, sh in part.items()} for part in shapes)

    whole = small("vgg16")[1]
    monkeypatch.setattr(backbone, "_shapes", small)
    monkeypatch.setattr(backbone, "ARCHITECTURES", ("vgg16",))
    return {name: torch.ones(shape) for name, shape in whole.items()}


def test_fc6_and_fc7_come_along(tmp_path: Path, small_vgg) -> None:
    found = read_backbone(write(tmp_path / "a", small_vgg), "vgg16")
    assert set(FC6_FC7) <= set(found.tensors)


def test_convolutions_alone_are_enough(tmp_path: Path, small_vgg) -> None:
    convolutions = {n: t for n, t in small_vgg.items() if n.startswith("features.")}
    found = read_backbone(write(tmp_path / "a", convolutions), "vgg16")
    assert not set(FC6_FC7) & set(found.tensors)


def test_half_a_head_is_not(tmp_path: Path, small_vgg) -> None:
    del small_vgg["classifier.3.bias"]
    error = refusal(write(tmp_path / "a", small_vgg), "vgg16")
    assert error.code == "RC510"
    assert "missing: classifier.3.bias [8]" in error.got


def test_a_head_without_values_is_left_out_and_told(tmp_path: Path, small_vgg) -> None:
    """torchvision's features-only VGG-16 carries a classifier of NaN."""
    for name, tensor in small_vgg.items():
        if name.startswith("classifier."):
            tensor.fill_(torch.nan)
    found = read_backbone(write(tmp_path / "a", small_vgg), "vgg16")
    assert not [name for name in found.tensors if name.startswith("classifier.")]
    assert found.notes == ("6 classifier tensors without values were left out",)


def test_a_head_that_is_partly_nan_is_refused(tmp_path: Path, small_vgg) -> None:
    small_vgg["classifier.0.weight"][0, 0] = torch.nan
    assert refusal(write(tmp_path / "a", small_vgg), "vgg16").code == "RC517"


# ZF, which torchvision does not have


@pytest.fixture
def zf() -> dict[str, torch.Tensor]:
    """ZF's convolutions, all ones."""
    wanted, _ = backbone._shapes("zf")
    return {name: torch.ones(shape) for name, shape in wanted.items()}


def test_zf_has_names_of_its_own(tmp_path: Path, zf) -> None:
    assert list(zf)[:2] == ["conv1.weight", "conv1.bias"]
    path = write(tmp_path / "a", zf, preprocessing=json.dumps(SAID))
    found = read_backbone(path, "zf")
    assert set(found.tensors) == {f"conv{n}.{k}" for n in range(1, 6) for k in ("weight", "bias")}
    assert found.preprocessing == CAFFE


def test_zf_of_another_size_is_refused(tmp_path: Path, zf) -> None:
    error = refusal(write(tmp_path / "a", zf | {"conv5.bias": torch.ones(384)}), "zf")
    assert error.code == "RC510"
    assert "conv5.bias [384] instead of [256]" in error.got


def test_zf_may_bring_fc6_and_fc7(tmp_path: Path, zf, monkeypatch: pytest.MonkeyPatch) -> None:
    assert backbone._shapes("zf")[1]["classifier.0.weight"] == (4096, 256 * 6 * 6)
    small = {name: tuple(min(s, 8) for s in shape) for name, shape in backbone._ZF_FC.items()}
    wanted = {name: tuple(tensor.shape) for name, tensor in zf.items()}
    monkeypatch.setattr(backbone, "_shapes", lambda _: (wanted, {**wanted, **small}))
    monkeypatch.setattr(backbone, "ARCHITECTURES", ("zf",))
    whole = zf | {name: torch.ones(shape) for name, shape in small.items()}
    assert set(FC6_FC7) <= set(read_backbone(write(tmp_path / "a", whole), "zf").tensors)
    del whole["classifier.3.bias"]
    assert refusal(write(tmp_path / "b", whole), "zf").code == "RC510"


def test_zf_is_told_from_the_others(tmp_path: Path, zf, resnet) -> None:
    error = refusal(write(tmp_path / "a", zf), "vgg16")
    assert (error.code, error.got) == ("RC516", "zf")
    assert refusal(write(tmp_path / "b", resnet), "zf").code == "RC516"


# nothing in


def test_no_tensors(tmp_path: Path) -> None:
    error = refusal(write(tmp_path / "a", {}))
    assert error.code == "RC510"
    assert "missing: conv1.weight [64, 3, 7, 7]" in error.got
    assert "and 65 more" in error.got


# wrong in


def test_another_network_is_named(tmp_path: Path, resnet) -> None:
    error = refusal(write(tmp_path / "a", resnet), "mobilenet_v2")
    assert error.code == "RC516"
    assert (error.got, error.want) == ("resnet18", "mobilenet_v2")
    assert error.fix.startswith("name a preset of resnet18 with --model")


def test_a_network_we_do_not_have(tmp_path: Path) -> None:
    error = refusal(write(tmp_path / "a", {"stem.weight": torch.ones(3, 3)}))
    assert error.code == "RC510"
    assert "not known: stem.weight [3, 3]" in error.got


def test_a_wrappers_prefix_is_named(tmp_path: Path, resnet) -> None:
    error = refusal(write(tmp_path / "a", {f"module.{n}": t for n, t in resnet.items()}))
    assert error.code == "RC510"
    assert "`module.`" in error.fix


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_numbers_that_are_not_finite(tmp_path: Path, resnet, value: float) -> None:
    bad = {**resnet, "bn1.bias": torch.full((64,), value)}
    error = refusal(write(tmp_path / "a", bad))
    assert error.code == "RC517"
    assert "bn1.bias" in error.got


def test_a_detector_is_no_backbone(tmp_path: Path, resnet) -> None:
    path = tmp_path / "best.safetensors"
    file.save(path, resnet, file.Header(classes=("a",)))
    error = refusal(path)
    assert error.code == "RC515"
    assert f"--init {path}" in error.fix


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        json.dumps(SAID | {"channels": "GRB"}),
        json.dumps(SAID | {"channels": ["RGB"]}),
        json.dumps(SAID | {"range": [0, 2]}),
        json.dumps(SAID | {"range": 255}),
        json.dumps(SAID | {"range": [[0], 1]}),
        json.dumps(SAID | {"mean": [1, 2]}),
        json.dumps(SAID | {"mean": [1, 2, "3"]}),
        json.dumps(SAID | {"mean": 0.5}),
        json.dumps(SAID | {"mean": [1, 2, float("nan")]}),
        json.dumps(SAID | {"std": [1, 1, 0]}),
        json.dumps(SAID | {"std": [1, -1, 1]}),
        json.dumps(SAID | {"gamma": 2}),
        json.dumps({k: v for k, v in SAID.items() if k != "std"}),
    ],
)
def test_preprocessing_in_another_form(tmp_path: Path, resnet, said: str) -> None:
    error = refusal(write(tmp_path / "a", resnet, preprocessing=said))
    assert error.code == "RC518"
    assert "--preprocessing" in error.fix
    assert len(str(error)) < 700


@pytest.mark.parametrize("content", [b"", b"<html>404 Not Found</html>", b"PK\x03\x04", b"\x80"])
def test_files_that_hold_no_weights(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert refusal(tmp_path / "a").code in ("RC502", "RC512")


def test_a_path_to_nothing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a").code == "RC501"
    assert refusal(tmp_path).code == "RC501"
