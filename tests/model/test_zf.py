"""ZF: the authors' layers, the cells that their arithmetic gives, response normalisation."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from frcnn.model.backbone import Backbone, BackboneConfig
from frcnn.model.zf import CHANNELS, ResponseNorm, zf, zf_stages

LAYERS = [  # kernel, stride and padding of the authors' prototxt, in order
    ("conv1", 7, 2, 3),
    ("pool1", 3, 2, 1),
    ("conv2", 5, 2, 2),
    ("pool2", 3, 2, 1),
    ("conv3", 3, 1, 1),
    ("conv4", 3, 1, 1),
    ("conv5", 3, 1, 1),
]


def cells_by_arithmetic(side: int, *, ceil: bool) -> int:
    """Caffe's rule: convolutions drop what is left over, pooling keeps or drops it."""
    for name, kernel, stride, padding in LAYERS:
        room = side + 2 * padding - kernel
        kept = -(-room // stride) if ceil and name.startswith("pool") else room // stride
        side = kept + 1
    return side


def normalised_by_loops(features: np.ndarray) -> np.ndarray:
    """Within each channel of a [D, h, w] map, in float64; outside the map is zero."""
    padded = np.pad(features.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    result = np.empty(features.shape)
    for d, i, j in np.ndindex(*features.shape):
        energy = (padded[d, i : i + 3, j : j + 3] ** 2).sum() / 9
        result[d, i, j] = features[d, i, j] * (1 + 0.00005 * energy) ** -0.75
    return result


def random_map(scale: float = 1.0) -> Tensor:
    return scale * torch.randn(1, 3, 5, 6, generator=torch.Generator().manual_seed(0))


# --- golden by hand


@pytest.mark.parametrize(
    ("size", "ceil", "floor"),
    [
        ((600, 1000), (39, 64), (38, 63)),
        ((600, 800), (39, 51), (38, 50)),
        ((224, 224), (15, 15), (14, 14)),
    ],
)
def test_golden_cells(size: tuple[int, int], ceil: tuple[int, int], floor: tuple[int, int]) -> None:
    """600 pixels: conv1 300, pool1 151 (150), conv2 76 (75), pool2 39 (38)."""
    for pooling, want in (("ceil", ceil), ("floor", floor)):
        assert tuple(cells_by_arithmetic(side, ceil=pooling == "ceil") for side in size) == want
        with torch.device("meta"):  # which computes shapes alone
            backbone = Backbone(BackboneConfig(name="zf", pooling=pooling))
            assert backbone(torch.zeros(1, 3, *size)).shape == (1, CHANNELS, *want)


def test_golden_layers() -> None:
    with torch.device("meta"):
        layers = dict(zf("ceil").named_children())
    found = [
        (name, layer.weight.shape[2], layer.stride[0], layer.padding[0])
        for name, layer in layers.items()
        if isinstance(layer, nn.Conv2d)
    ]
    assert found == [row for row in LAYERS if row[0].startswith("conv")]
    outputs = [layers[name].out_channels for name, *_ in found]
    assert outputs == [96, 256, 384, 384, 256]
    pools = [(n, p.kernel_size, p.stride, p.padding) for n, p in layers.items() if "pool" in n]
    assert pools == [row for row in LAYERS if row[0].startswith("pool")]


def test_golden_the_rpn_sees_171_pixels() -> None:
    """§3.1, from the kernels and strides, the RPN's own 3 x 3 convolution included."""
    field, jump = 1, 1
    for _, kernel, stride, _ in [*LAYERS, ("rpn", 3, 1, 1)]:
        field, jump = field + (kernel - 1) * jump, jump * stride
    assert (field, jump) == (171, 16)


def test_golden_response_of_one_cell() -> None:
    features = torch.zeros(1, 1, 3, 3)
    features[0, 0, 1, 1] = 600.0  # mean square of the nine: 40,000, so 1 + 2
    got = ResponseNorm()(features)
    assert float(got[0, 0, 1, 1]) == pytest.approx(600 * 3**-0.75)
    assert float(got.sum()) == float(got[0, 0, 1, 1])


# --- what always holds


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_the_response_agrees_with_loops(scale: float) -> None:
    features = random_map(scale)
    want = normalised_by_loops(features[0].numpy())
    np.testing.assert_allclose(ResponseNorm()(features)[0].numpy(), want, rtol=1e-5)


def test_channels_do_not_see_each_other() -> None:
    features = random_map(300.0)
    one = torch.cat((features[:, :1], torch.zeros_like(features[:, 1:])), dim=1)
    assert torch.equal(ResponseNorm()(features)[:, 0], ResponseNorm()(one)[:, 0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sixteen_bits_do_not_overflow(dtype: torch.dtype) -> None:
    features = random_map(5000.0).to(dtype)
    got = ResponseNorm()(features)
    assert got.dtype == dtype
    assert torch.equal(got, ResponseNorm()(features.float()).to(dtype))
    assert got.isfinite().all()


def test_a_stage_is_a_convolution_and_what_follows() -> None:
    with torch.device("meta"):
        body = zf("floor")
    names = {layer: name for name, layer in body.named_children()}
    assert [[names[layer] for layer in stage] for stage in zf_stages(body)] == [
        ["conv1", "relu1", "norm1", "pool1"],
        ["conv2", "relu2", "norm2", "pool2"],
        ["conv3", "relu3"],
        ["conv4", "relu4"],
        ["conv5", "relu5"],
    ]


def test_new_convolutions_keep_the_scale_of_their_input() -> None:
    torch.manual_seed(0)
    found = Backbone(BackboneConfig(name="zf", frozen_stages=0))(torch.randn(1, 3, 96, 96))
    assert 0.1 < float(found.detach().std()) < 10


# --- gradient


def test_the_gradient_of_the_response_is_finite_differences() -> None:
    features = random_map(300.0).double().requires_grad_()
    assert torch.autograd.gradcheck(ResponseNorm(), (features,))
