"""RPNHead: the layout of its channels, the order of its rows, and what a pair of scores means."""

import pytest
import torch
from torch import Tensor, nn

from frcnn.errors import ConfigError
from frcnn.model.anchors import AnchorConfig, anchor_grid
from frcnn.model.delta_scale import DeltaScale
from frcnn.model.rpn import RPNConfig, RPNHead
from frcnn.types import Size

GRID = Size(height=2, width=3)
PAIRS, LOGITS = RPNConfig(channels=8), RPNConfig(channels=8, scores="sigmoid")


def positions(grid: Size) -> Tensor:
    """[1, 2, H, W]: channel 0 counts columns, channel 1 rows."""
    y, x = torch.meshgrid(torch.arange(grid.height), torch.arange(grid.width), indexing="ij")
    return torch.stack((x, y))[None].float()


def copying_head(per_cell: int, config: RPNConfig, copied: int) -> RPNHead:
    """Its hidden layer hands the first `copied` channels through; the outputs are all zero."""
    head = RPNHead(copied, per_cell, config)
    for layer in (head.conv, head.objectness, head.deltas):
        nn.init.zeros_(layer.weight)
    with torch.no_grad():
        for channel in range(copied):
            head.conv.weight[channel, channel, 1, 1] = 1.0
    return head


def test_golden_scores_of_a_pair_are_background_first_then_objects() -> None:
    head = copying_head(2, PAIRS, 1)
    with torch.no_grad():  # four channels: background of anchors 0 and 1, then their objects
        head.objectness.bias.copy_(torch.tensor([1.0, 2.0, 10.0, 30.0]))
    objectness = head(torch.zeros(1, 1, 1, 1)).objectness
    torch.testing.assert_close(objectness, torch.tensor([[9.0, 28.0]]))


def test_golden_deltas_of_an_anchor_stand_side_by_side() -> None:
    head = copying_head(2, PAIRS, 1)
    with torch.no_grad():
        head.deltas.bias.copy_(torch.arange(8.0))
    deltas = head(torch.zeros(1, 1, 1, 1)).deltas
    torch.testing.assert_close(deltas, torch.arange(8.0).reshape(1, 2, 4))


def test_one_logit_per_anchor_is_handed_through() -> None:
    head = copying_head(3, LOGITS, 1)
    with torch.no_grad():
        head.objectness.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
    objectness = head(torch.zeros(1, 1, 1, 2)).objectness
    torch.testing.assert_close(objectness, torch.tensor([[1.0, 2.0, 3.0, 1.0, 2.0, 3.0]]))


def test_rows_are_those_of_the_anchor_grid() -> None:
    config = AnchorConfig(sides=(16.0, 32.0), height_over_width=(1.0,))
    head = copying_head(config.per_cell, LOGITS, 2)
    with torch.no_grad():  # deltas become (column, row, number of the anchor, 0)
        for anchor in range(config.per_cell):
            head.deltas.weight[4 * anchor, 0] = 1.0
            head.deltas.weight[4 * anchor + 1, 1] = 1.0
            head.deltas.bias[4 * anchor + 2] = float(anchor)
    deltas = head(positions(GRID)).deltas[0]
    anchors = anchor_grid(config, GRID)
    centres = (anchors[:, :2] + anchors[:, 2:]) / 2
    torch.testing.assert_close((deltas[:, :2] + 0.5) * config.stride, centres)
    widths = anchors[:, 2] - anchors[:, 0]
    torch.testing.assert_close(widths, torch.tensor(config.sides)[deltas[:, 2].long()])


def test_a_softmax_over_each_pair_gives_the_same_probability() -> None:
    torch.manual_seed(0)
    head, features = RPNHead(4, 9, PAIRS), torch.randn(2, 4, 5, 6)
    raw = head.objectness(head.conv(features).relu())
    pairs = raw.reshape(2, 2, 9, 5, 6).softmax(dim=1)[:, 1]  # Caffe: (2, k, H, W)
    want = pairs.permute(0, 2, 3, 1).reshape(2, -1)
    torch.testing.assert_close(head(features).objectness.sigmoid(), want)


def test_anchors_do_not_compete_with_each_other() -> None:
    """A softmax over all 2k channels would lower one anchor's score when another's rises."""
    head = copying_head(2, PAIRS, 1)
    before = head(torch.zeros(1, 1, 1, 1)).objectness[0, 0].item()
    with torch.no_grad():
        head.objectness.bias[3] = 50.0  # anchor 1 becomes an object for sure
    assert head(torch.zeros(1, 1, 1, 1)).objectness[0, 0].item() == before


@pytest.mark.parametrize("config", [PAIRS, LOGITS])
def test_pictures_of_a_batch_do_not_mix(config: RPNConfig) -> None:
    torch.manual_seed(0)
    head, features = RPNHead(4, 3, config), torch.randn(3, 4, 5, 6)
    whole = head(features)
    for row in range(3):
        alone = head(features[row : row + 1])
        torch.testing.assert_close(whole.objectness[row], alone.objectness[0])
        torch.testing.assert_close(whole.deltas[row], alone.deltas[0])


def test_new_layers_are_gaussian_with_zero_biases() -> None:
    torch.manual_seed(0)
    head = RPNHead(64, 9, RPNConfig())
    assert head.conv.out_channels == 512
    assert head.objectness.out_channels == 18
    for layer in (head.conv, head.objectness, head.deltas):
        assert float(layer.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
        assert not layer.bias.detach().any()


@pytest.mark.parametrize("config", [PAIRS, LOGITS])
def test_a_map_of_one_cell(config: RPNConfig) -> None:
    found = RPNHead(4, 9, config)(torch.zeros(1, 4, 1, 1))
    assert found.objectness.shape == (1, 9)
    assert found.deltas.shape == (1, 9, 4)


def test_16_bit_features_give_float32_numbers() -> None:
    head = RPNHead(4, 9, PAIRS).bfloat16()
    found = head(torch.zeros(1, 4, 2, 2, dtype=torch.bfloat16))
    assert found.objectness.dtype == found.deltas.dtype == torch.float32


@pytest.mark.parametrize("config", [PAIRS, LOGITS])
def test_gradients_reach_the_features_and_every_weight(config: RPNConfig) -> None:
    torch.manual_seed(0)
    head, features = RPNHead(4, 3, config), torch.randn(1, 4, 5, 6, requires_grad=True)
    found = head(features)
    (found.objectness.square().sum() + found.deltas.square().sum()).backward()
    for tensor in (features, *head.parameters()):
        assert tensor.grad is not None
        assert tensor.grad.any()


def test_a_head_without_channels_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"error\[RC350\] rpn.channels: not a count of channels"):
        RPNConfig(channels=0)


def test_a_detached_output_is_the_same_without_a_gradient() -> None:
    output = RPNHead(4, 2, RPNConfig(channels=8))(torch.randn(1, 4, 3, 3))
    fixed = output.detached()
    assert all(torch.equal(a, b) for a, b in zip(fixed, output, strict=True))
    assert output.deltas.requires_grad
    assert not fixed.deltas.requires_grad
    assert not fixed.objectness.requires_grad


@pytest.mark.parametrize("given", [torch.bfloat16, torch.float32, torch.float64])
def test_outputs_have_at_least_32_bits(given: torch.dtype) -> None:
    output = RPNHead(4, 2, RPNConfig(channels=8)).to(given)(torch.randn(1, 4, 3, 3, dtype=given))
    want = torch.float64 if given == torch.float64 else torch.float32
    assert output.objectness.dtype == output.deltas.dtype == want


def test_measured_deltas_are_real_ones_and_say_their_unit() -> None:
    torch.manual_seed(0)
    plain = RPNHead(4, 2, RPNConfig(channels=8))
    measured = RPNHead(4, 2, RPNConfig(channels=8, normalisation="measured"))
    assert set(measured.state_dict()) - set(plain.state_dict()) == {"delta_mean", "delta_std"}
    measured.load_state_dict(plain.state_dict(), strict=False)
    features = torch.randn(1, 4, 3, 3)
    raw = plain(features)
    torch.testing.assert_close(measured(features), raw)  # until a scale is taken
    mean, std = torch.tensor([[0.1, 0.2, 0.3, 0.4]]), torch.tensor([[0.5, 0.6, 0.7, 0.8]])
    measured.take_scale(DeltaScale(mean=mean, std=std))
    found = measured(features)
    torch.testing.assert_close(found.deltas, raw.deltas * std + mean)
    assert torch.equal(found.unit, std[0])
    assert torch.equal(raw.unit, torch.ones(4))


def test_a_scale_has_no_place_where_none_is_measured() -> None:
    scale = DeltaScale(mean=torch.zeros(1, 4), std=torch.ones(1, 4))
    with pytest.raises(ConfigError, match=r"RC368\] rpn.normalisation"):
        RPNHead(4, 2, RPNConfig(channels=8)).take_scale(scale)


def test_an_output_as_it_is_keeps_its_gradient() -> None:
    output = RPNHead(4, 2, RPNConfig(channels=8))(torch.randn(1, 4, 3, 3))
    assert output.as_it_is() is output
