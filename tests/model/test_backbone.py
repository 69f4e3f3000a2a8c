"""Backbone: torchvision's networks and names, the sizes of features, and what stays frozen."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import mobilenet_v2, resnet18, vgg, vgg16
from torchvision.ops.misc import FrozenBatchNorm2d

from frcnn.errors import ConfigError
from frcnn.model.backbone import Backbone, BackboneConfig, feature_grid
from frcnn.types import Size

KINDS = [("vgg16", 16), ("zf", 16), ("mobilenet_v2", 16), ("resnet18", 8), ("resnet18", 16)]
CHANNELS = {
    ("vgg16", 16): 512,
    ("zf", 16): 256,
    ("mobilenet_v2", 16): 320,
    ("resnet18", 8): 128,
    ("resnet18", 16): 256,
}
STAGES = {
    ("vgg16", 16): 5,
    ("zf", 16): 5,
    ("mobilenet_v2", 16): 5,
    ("resnet18", 8): 3,
    ("resnet18", 16): 4,
}
EVERY = pytest.mark.parametrize(("name", "stride"), KINDS)
WITH_NORMS = pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18"])


def make(name: str, stride: int = 16, **settings: object) -> Backbone:
    torch.manual_seed(0)
    return Backbone(BackboneConfig(name=name, stride=stride, **settings))  # type: ignore[arg-type]


def picture(*size: int, count: int = 1) -> Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(1))


def randomise_statistics(network: nn.Module) -> nn.Module:
    """Give batch normalisation numbers that matter; new layers have 0 and 1 only."""
    generator = torch.Generator().manual_seed(2)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d | FrozenBatchNorm2d):
            for tensor in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                tensor.data.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return network


@EVERY
@pytest.mark.parametrize("size", [(64, 96), (65, 97), (33, 50), (31, 17)])
def test_channels_and_cells(name: str, stride: int, size: tuple[int, int]) -> None:
    backbone = make(name, stride)
    found = backbone(picture(*size, count=2))
    # VGG-16 drops what is left over at each pooling, strided convolutions keep it
    cells = [side // stride if name == "vgg16" else math.ceil(side / stride) for side in size]
    assert found.shape == (2, CHANNELS[name, stride], cells[0], max(2, cells[1]))
    assert backbone.out_channels == CHANNELS[name, stride]
    assert backbone.stride == stride


@pytest.mark.parametrize(
    ("size", "ceil", "floor"),
    [
        ((600, 800), (38, 50), (37, 50)),
        ((600, 901), (38, 57), (37, 56)),
        ((600, 1000), (38, 63), (37, 62)),
    ],
)
def test_golden_cells_of_vgg16(
    size: tuple[int, int], ceil: tuple[int, int], floor: tuple[int, int]
) -> None:
    """On the meta device, which computes shapes alone."""
    for pooling, want in (("ceil", ceil), ("floor", floor)):
        with torch.device("meta"):
            found = make("vgg16", pooling=pooling)(torch.zeros(1, 3, *size))
        assert found.shape == (1, 512, *want)


def test_the_smallest_picture_is_one_cell_high_and_two_wide() -> None:
    for (name, stride), channels in CHANNELS.items():
        cell = 16 if name == "vgg16" else 1
        assert make(name, stride)(picture(cell, cell)).shape == (1, channels, 1, 2)


@EVERY
def test_a_picture_thinner_than_a_cell_has_a_row_of_cells(name: str, stride: int) -> None:
    assert make(name, stride)(picture(1, 20 * stride)).shape == (1, CHANNELS[name, stride], 1, 20)
    padded = functional.pad(picture(5, 20 * stride), (0, 0, 0, stride - 5))
    thin = make(name, stride)(picture(5, 20 * stride))
    torch.testing.assert_close(thin, make(name, stride)(padded))


@pytest.mark.parametrize(("name", "stride"), [kind for kind in KINDS if kind[0] != "zf"])
def test_names_are_torchvisions(name: str, stride: int) -> None:
    with torch.device("meta"):
        whole = {"vgg16": vgg16, "mobilenet_v2": mobilenet_v2, "resnet18": resnet18}[name]()
    theirs = {key: tensor.shape for key, tensor in whole.state_dict().items()}
    ours = make(name, stride, batch_norm="live").body.state_dict()
    assert ours
    for key, tensor in ours.items():
        assert theirs[key] == tensor.shape, key
    trained = {key for key, _ in make(name, stride).body.named_parameters()}
    frozen = {key for key, _ in make(name, stride).body.named_buffers()}
    counters = {key for key in ours if key.endswith("num_batches_tracked")}
    assert trained | frozen == ours.keys() - counters


def test_vgg16_has_all_thirteen_convolutions() -> None:
    ours = make("vgg16").body.state_dict()
    numbers = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    assert set(ours) == {f"features.{n}.{kind}" for n in numbers for kind in ("weight", "bias")}


def test_vgg16_computes_what_torchvisions_does_with_its_weights() -> None:
    with torch.device("meta"):
        theirs = vgg16()
    theirs.features.to_empty(device="cpu")
    with torch.no_grad():
        for tensor in theirs.features.parameters():
            nn.init.normal_(tensor, std=0.05)
    weights = {k: v for k, v in theirs.state_dict().items() if k.startswith("features")}
    backbone = make("vgg16")
    backbone.body.load_state_dict(weights)
    want = theirs.features[:30](picture(64, 80))
    assert float(want.detach().std()) > 0
    torch.testing.assert_close(backbone(picture(64, 80)), want)


def test_resnet18_computes_what_torchvisions_does_with_its_weights() -> None:
    theirs = randomise_statistics(resnet18()).eval()
    backbone = make("resnet18")
    kept = set(backbone.body.state_dict())
    backbone.body.load_state_dict({k: v for k, v in theirs.state_dict().items() if k in kept})
    want = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(picture(64, 80)))))
    want = theirs.layer3(theirs.layer2(theirs.layer1(want)))
    torch.testing.assert_close(backbone(picture(64, 80)), want)


def test_mobilenet_v2_computes_what_torchvisions_does_up_to_its_last_step() -> None:
    theirs = randomise_statistics(mobilenet_v2()).eval()
    backbone = make("mobilenet_v2")
    kept = set(backbone.body.state_dict())
    backbone.body.load_state_dict({k: v for k, v in theirs.state_dict().items() if k in kept})
    want = theirs.features[:14](picture(64, 80))
    found = backbone.body.get_submodule("features")[:14](picture(64, 80))
    torch.testing.assert_close(found, want)
    theirs.features[14].conv[1][0].stride = (1, 1)  # the step that ours leaves out
    torch.testing.assert_close(backbone(picture(64, 80)), theirs.features[:18](picture(64, 80)))


def test_resnet18_at_stride_8_is_the_first_part_of_stride_16() -> None:
    fine, coarse = make("resnet18", 8), make("resnet18", 16)
    own = fine.body.state_dict()
    fine.body.load_state_dict({name: coarse.body.state_dict()[name] for name in own})
    pixels = picture(64, 64)
    torch.testing.assert_close(coarse.body.get_submodule("layer3")(fine(pixels)), coarse(pixels))


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (2, 3), (1, 5)])
def test_pooling_without_indices_gives_the_same_numbers(size: tuple[int, int]) -> None:
    pool = next(p for p in make("vgg16").modules() if isinstance(p, nn.MaxPool2d))
    if min(size) < 2:
        size = (max(size[0], 2), size[1])
    features = picture(*size)
    with torch.no_grad():
        fast = pool(features)
    assert torch.equal(fast, nn.functional.max_pool2d(features, 2))
    assert torch.equal(pool(features.requires_grad_()), fast)


def stages_of(backbone: Backbone) -> Iterator[nn.Module]:
    yield from backbone._stages


@EVERY
def test_every_parameter_is_in_one_stage(name: str, stride: int) -> None:
    backbone = make(name, stride)
    in_stages = [id(p) for stage in stages_of(backbone) for p in stage.parameters()]
    assert len(in_stages) == len(set(in_stages))
    assert set(in_stages) == {id(p) for p in backbone.parameters()}
    assert len(list(stages_of(backbone))) == STAGES[name, stride]


@EVERY
@pytest.mark.parametrize("frozen", [0, 2, 5])
def test_frozen_stages_get_no_gradient_the_others_do(name: str, stride: int, frozen: int) -> None:
    backbone = make(name, stride, frozen_stages=frozen)
    found = backbone(picture(64, 64))
    assert found.requires_grad == (frozen < STAGES[name, stride])
    if found.requires_grad:
        found.square().sum().backward()
    for number, stage in enumerate(stages_of(backbone)):
        for parameter in stage.parameters():
            assert parameter.requires_grad == (number >= frozen)
            assert (parameter.grad is not None) == (number >= frozen)


@pytest.mark.parametrize(
    ("name", "frozen", "norms", "partly"),
    [
        ("vgg16", 2, "live", True),
        ("vgg16", 0, "frozen", False),  # it has no batch normalisation
        ("resnet18", 0, "frozen", True),
        ("resnet18", 1, "live", True),
        ("resnet18", 0, "live", False),
    ],
)
def test_it_knows_whether_something_stays_as_it_is(
    name: str, frozen: int, norms: str, *, partly: bool
) -> None:
    backbone = make(name, frozen_stages=frozen, batch_norm=norms)
    assert backbone.is_partly_frozen is partly


def test_golden_vgg16_is_trained_from_conv3_1_up() -> None:
    trained = {name for name, p in make("vgg16").body.named_parameters() if p.requires_grad}
    assert min(int(name.split(".")[1]) for name in trained) == 10
    assert len(trained) == 2 * 9


@EVERY
@pytest.mark.parametrize("norms", ["frozen", "live"])
def test_frozen_stages_do_not_change_in_training(name: str, stride: int, norms: str) -> None:
    backbone = make(name, stride, frozen_stages=2, batch_norm=norms).train()
    before = [[t.clone() for t in stage.state_dict().values()] for stage in stages_of(backbone)]
    optimizer = torch.optim.SGD(backbone.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(2):
        backbone(picture(64, 64)).square().mean().backward()
        optimizer.step()
    after = [list(stage.state_dict().values()) for stage in stages_of(backbone)]
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        same = all(torch.equal(a, b) for a, b in zip(old, new, strict=True))
        assert same == (number < 2), f"stage {number}"


@WITH_NORMS
def test_frozen_statistics_stay_and_are_used_in_training_too(name: str) -> None:
    backbone = make(name, frozen_stages=0)
    randomise_statistics(backbone)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in backbone.modules())
    before = {key: tensor.clone() for key, tensor in backbone.named_buffers()}
    in_training = backbone.train()(picture(64, 64, count=2))
    in_evaluation = backbone.eval()(picture(64, 64, count=2))
    assert torch.equal(in_training, in_evaluation)
    assert all(torch.equal(before[key], tensor) for key, tensor in backbone.named_buffers())


@WITH_NORMS
def test_live_statistics_are_learnt_in_training_only(name: str) -> None:
    backbone = make(name, frozen_stages=0, batch_norm="live")
    norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(isinstance(m, FrozenBatchNorm2d) for m in backbone.modules())
    before = [m.running_mean.clone() for m in norms]
    backbone.eval()(picture(64, 64, count=2))
    assert all(torch.equal(a, m.running_mean) for a, m in zip(before, norms, strict=True))
    backbone.train()(picture(64, 64, count=2))
    assert not any(torch.equal(a, m.running_mean) for a, m in zip(before, norms, strict=True))


@WITH_NORMS
def test_live_weights_load_where_statistics_are_frozen(name: str) -> None:
    """`num_batches_tracked` is all that a frozen normalisation does not keep."""
    live = randomise_statistics(make(name, frozen_stages=0, batch_norm="live"))
    frozen = make(name)
    frozen.load_state_dict(live.state_dict())
    looked_at = picture(64, 64).double()  # two orders of the same sums: rounding apart, equal
    torch.testing.assert_close(frozen.double()(looked_at), live.double().eval()(looked_at))


def test_new_convolutions_of_vgg16_keep_the_scale_of_their_input() -> None:
    """Random weights must neither blow up nor silence thirteen layers: training starts here."""
    found = make("vgg16")(picture(96, 96))
    assert 0.1 < float(found.detach().std()) < 10
    first = make("vgg16").body.get_submodule("features")[0]
    assert float(first.weight.detach().std()) == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.1)


def test_the_picture_itself_is_not_written_to() -> None:
    for name, stride in KINDS:
        pixels = picture(32, 32)
        make(name, stride)(pixels)
        assert torch.equal(pixels, picture(32, 32))


def test_torchvisions_layers_are_where_we_cut_them() -> None:
    """Stages of VGG-16 end with the first layer after each pooling."""
    layers = vgg.make_layers(vgg.cfgs["D"])
    pools = [n for n, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
    assert pools == [4, 9, 16, 23, 30]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"name": "vgg16", "stride": 8}, "vgg16 has no such stride; got 8, want 16"),
        ({"name": "resnet18", "stride": 32}, "resnet18 has no such stride; got 32, want 8 or 16"),
        ({"frozen_stages": 6}, "five stages at the most"),
        ({"frozen_stages": -1}, "five stages at the most"),
    ],
)
def test_unusable_settings_are_refused(settings: dict, text: str) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        BackboneConfig(**settings)
    assert text in str(caught.value)


@pytest.mark.parametrize("name", ["vgg16", "mobilenet_v2", "resnet18", "zf"])
@pytest.mark.parametrize("size", [Size(64, 96), Size(97, 61), Size(7, 200)])
def test_the_grid_of_a_size_is_that_of_the_computed_features(name: str, size: Size) -> None:
    config = BackboneConfig(name=name)
    features = Backbone(config)(torch.zeros(1, 3, *size))
    assert feature_grid(config, size) == Size(*features.shape[2:])


@pytest.mark.parametrize("name", ["vgg16", "mobilenet_v2", "resnet18", "zf"])
def test_no_feature_map_is_one_cell_wide(name: str) -> None:
    """On CPUs with AMX, bfloat16 convolutions of such maps give NaN now and then."""
    backbone = make(name, frozen_stages=0).to(torch.bfloat16, memory_format=torch.channels_last)
    for size in ((128, 1), (1, 1), (200, 17), (64, 31)):
        pixels = torch.rand(1, 3, *size).to(torch.bfloat16, memory_format=torch.channels_last)
        with torch.inference_mode():
            features = backbone(pixels)
        assert features.shape[3] >= 2
        assert features.isfinite().all()
