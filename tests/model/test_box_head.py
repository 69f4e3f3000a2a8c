"""BoxHead: which number is which, the scale of deltas, dropout by each picture's generator."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from frcnn.errors import ConfigError
from frcnn.model.box_head import BoxHead, BoxHeadConfig
from frcnn.model.delta_scale import DeltaScale
from frcnn.ops.deltas import encode

FC = BoxHeadConfig(width=16)
CONV = BoxHeadConfig(layers="conv", width=16)
BOTH = pytest.mark.parametrize("config", [FC, CONV])


def head(config: BoxHeadConfig, *, channels: int = 3, cells: int = 4, classes: int = 5) -> BoxHead:
    torch.manual_seed(0)
    return BoxHead(channels, cells, classes, config)


def regions(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def draws(*pictures: tuple[int, int]) -> Sequence[tuple[int, torch.Generator]]:
    """Pairs of how many regions and which seed."""
    return [(count, torch.Generator().manual_seed(seed)) for count, seed in pictures]


def copying(width: int) -> nn.Linear:
    layer = nn.Linear(width, width)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def test_features_are_read_channel_by_channel_row_by_row() -> None:
    box_head = head(replace(FC, width=48))
    box_head.hidden.fc6 = box_head.hidden.fc7 = copying(48)
    nn.init.zeros_(box_head.logits.weight)
    one = torch.zeros(1, 3, 4, 4)
    one[0, 2, 1, 3] = 7.0  # channel 2, row 1, column 3: number 2 * 16 + 1 * 4 + 3
    with torch.no_grad():
        box_head.logits.weight[0, 39] = 1.0
    assert box_head(one).logits.tolist() == [[7.0, 0.0, 0.0, 0.0, 0.0, 0.0]]


def test_each_class_has_four_deltas_side_by_side() -> None:
    box_head = head(FC)
    nn.init.zeros_(box_head.deltas.weight)
    with torch.no_grad():
        box_head.deltas.bias.copy_(torch.arange(20.0))
    deltas = box_head(regions(2)).deltas
    assert deltas.shape == (2, 5, 4)
    assert deltas[1, 3].tolist() == [12.0, 13.0, 14.0, 15.0]


@BOTH
def test_there_is_one_logit_more_than_classes(config: BoxHeadConfig) -> None:
    assert head(config)(regions(2)).logits.shape == (2, 6)


def test_an_answer_is_shared_out_among_pictures() -> None:
    answer = head(FC)(regions(5))
    first, none, last = answer.split([2, 0, 3])
    assert torch.equal(first.logits, answer.logits[:2])
    assert none.deltas.shape == (0, 5, 4)
    assert torch.equal(last.deltas, answer.deltas[2:])


@BOTH
@pytest.mark.parametrize("given", [torch.bfloat16, torch.float32, torch.float64])
def test_answers_have_at_least_32_bits(config: BoxHeadConfig, given: torch.dtype) -> None:
    answer = head(config).to(given)(regions(2).to(given))
    want = torch.float64 if given == torch.float64 else torch.float32
    assert answer.logits.dtype == answer.deltas.dtype == want


def test_golden_targets_in_units_of_their_deviation() -> None:
    anchor, true = torch.tensor([[76.0, 40, 259, 135]]), torch.tensor([[100.0, 50, 250, 150]])
    deltas = encode(true, anchor)
    want = torch.tensor([[0.40984, 1.31579, -0.994255, 0.256465]])  # by 0.1, 0.1, 0.2, 0.2
    found = head(FC).normalise(deltas, torch.tensor([3]))
    torch.testing.assert_close(found, want, atol=2e-5, rtol=0)


def test_denormalise_undoes_normalise() -> None:
    moved = replace(FC, delta_mean=(0.1, -0.2, 0.3, 0.0), delta_std=(0.5, 0.4, 0.3, 0.2))
    box_head, deltas = head(moved), torch.randn(6, 4)
    normal = box_head.normalise(deltas, torch.arange(6) % 5)
    assert not torch.allclose(normal, deltas)
    every_class = normal[:, None].expand(6, 5, 4)
    back = box_head.denormalise(every_class)
    torch.testing.assert_close(back, deltas[:, None].expand(6, 5, 4))


MEASURED = replace(FC, normalisation="measured")
SCALE = DeltaScale(
    mean=torch.arange(20.0).reshape(5, 4) / 100, std=torch.arange(1.0, 21.0).reshape(5, 4) / 10
)


def test_a_measured_head_starts_in_the_fixed_scale() -> None:
    fixed, measured = head(FC), head(MEASURED)
    own = set(measured.state_dict()) - set(fixed.state_dict())
    assert own == {"delta_mean", "delta_std"}
    deltas, labels = torch.randn(6, 4), torch.arange(6) % 5
    assert torch.equal(measured.normalise(deltas, labels), fixed.normalise(deltas, labels))


def test_golden_each_class_has_its_own_scale() -> None:
    box_head = head(MEASURED)
    box_head.take_scale(SCALE)
    deltas, labels = torch.full((2, 4), 1.0), torch.tensor([0, 4])
    normal = box_head.normalise(deltas, labels)
    assert normal[0, 3] == pytest.approx((1 - 0.03) / 0.4)
    assert normal[1, 0] == pytest.approx((1 - 0.16) / 1.7)
    every_class = normal[:, None].expand(2, 5, 4)
    back = box_head.denormalise(every_class)
    torch.testing.assert_close(back[torch.arange(2), labels], deltas)


def test_a_changed_scale_leaves_the_answers_a_taken_one_does_not() -> None:
    box_head = head(MEASURED)
    nn.init.normal_(box_head.deltas.weight)
    nn.init.normal_(box_head.deltas.bias)
    want = box_head.denormalise(box_head(regions(3)).deltas)
    box_head.change_scale(SCALE)
    assert torch.equal(box_head.scale.std, SCALE.std)
    torch.testing.assert_close(box_head.denormalise(box_head(regions(3)).deltas), want)
    box_head.take_scale(DeltaScale(mean=SCALE.mean, std=SCALE.std * 2))
    assert not torch.allclose(box_head.denormalise(box_head(regions(3)).deltas), want)


def test_a_fixed_head_has_no_place_for_a_scale() -> None:
    for change in (head(FC).take_scale, head(FC).change_scale):
        with pytest.raises(ConfigError, match=r"RC368\] box_head.normalisation"):
            change(SCALE)


@BOTH
def test_a_trained_head_without_dropout_answers_as_in_evaluation(config: BoxHeadConfig) -> None:
    box_head = head(replace(config, dropout=0.0)).train()
    ours, generators = box_head(regions(4)), draws((4, 0))
    torch.testing.assert_close(box_head.forward_dropping(regions(4), generators), ours)
    untouched = torch.Generator().manual_seed(0).get_state()
    assert torch.equal(generators[0][1].get_state(), untouched), "nothing was drawn"


@BOTH
def test_nothing_is_dropped_in_evaluation(config: BoxHeadConfig) -> None:
    box_head = head(config).eval()
    dropping = box_head.forward_dropping(regions(4), draws((4, 0)))
    assert torch.equal(dropping.logits, box_head(regions(4)).logits)


@BOTH
def test_plain_forward_drops_nothing_whatever_the_state(config: BoxHeadConfig) -> None:
    box_head = head(config)
    in_training = box_head.train()(regions(4)).logits
    assert torch.equal(in_training, box_head.eval()(regions(4)).logits)


@BOTH
def test_dropout_is_drawn_from_the_generators_alone(config: BoxHeadConfig) -> None:
    box_head = head(config).train()
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (
        box_head.forward_dropping(regions(4), draws((4, seed))).logits for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


@BOTH
def test_a_pictures_draw_does_not_depend_on_its_neighbours(config: BoxHeadConfig) -> None:
    box_head = head(config).train()
    alone = box_head.forward_dropping(regions(3), draws((3, 7))).logits
    for neighbour in (2, 5):
        both = torch.cat((regions(3), regions(neighbour, seed=1)))
        together = box_head.forward_dropping(both, draws((3, 7), (neighbour, 8))).logits
        torch.testing.assert_close(together[:3], alone)


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_both_layers_drop_their_share_and_keep_the_mean(share: float) -> None:
    box_head = head(replace(FC, width=64, dropout=share)).train()
    nn.init.zeros_(box_head.hidden.fc6.weight)
    nn.init.ones_(box_head.hidden.fc6.bias)  # fc6 gives ones, fc7 and the logits hand them through
    box_head.hidden.fc7 = box_head.logits = copying(64)
    values = box_head.forward_dropping(regions(500), draws((500, 0))).logits.detach()
    kept = values != 0
    want = torch.full_like(values, 1 / (1 - share) ** 2)
    torch.testing.assert_close(values[kept], want[kept])
    assert float(kept.float().mean()) == pytest.approx((1 - share) ** 2, abs=0.02)
    assert float(values.mean()) == pytest.approx(1.0, abs=0.05)


@BOTH
def test_no_region_has_an_empty_answer_and_trains(config: BoxHeadConfig) -> None:
    box_head = head(config).train()
    found = box_head.forward_dropping(regions(0), draws((0, 0)))
    assert found.logits.shape == (0, 6)
    assert found.deltas.shape == (0, 5, 4)
    (found.logits.sum() + found.deltas.sum()).backward()
    assert all(p.grad is not None and not p.grad.any() for p in box_head.parameters())


@BOTH
def test_new_outputs_are_gaussian_with_zero_biases(config: BoxHeadConfig) -> None:
    box_head = head(replace(config, width=256), classes=20)
    assert float(box_head.logits.weight.detach().std()) == pytest.approx(0.01, rel=0.1)
    assert float(box_head.deltas.weight.detach().std()) == pytest.approx(0.001, rel=0.1)
    assert not box_head.logits.bias.detach().any()
    assert not box_head.deltas.bias.detach().any()


def test_the_hidden_layers_are_those_of_vgg16() -> None:
    """Shapes only: 7 x 7 cells of 512 channels, then twice 4096 (torchvision's classifier)."""
    with torch.device("meta"):
        box_head = BoxHead(512, 7, 20, BoxHeadConfig())
    assert box_head.hidden.fc6.weight.shape == (4096, 25088)
    assert box_head.hidden.fc7.weight.shape == (4096, 4096)


def test_a_width_that_no_32_groups_divide() -> None:
    assert head(replace(CONV, width=40))(regions(2)).logits.shape == (2, 6)
    assert head(replace(CONV, width=40)).hidden.norm1.num_groups == 1
    assert head(replace(CONV, width=64)).hidden.norm1.num_groups == 32


@BOTH
def test_16_bit_regions_give_float32_numbers(config: BoxHeadConfig) -> None:
    found = head(config).bfloat16()(regions(2).bfloat16())
    assert found.logits.dtype == found.deltas.dtype == torch.float32


@BOTH
def test_gradients_reach_the_regions_and_every_weight(config: BoxHeadConfig) -> None:
    box_head, pooled = head(config).train(), regions(6).requires_grad_()
    found = box_head.forward_dropping(pooled, draws((2, 0), (4, 1)))
    (found.logits.square().sum() + found.deltas.square().sum()).backward()
    for name, tensor in (("regions", pooled), *box_head.named_parameters()):
        assert tensor.grad is not None, name
        assert tensor.grad.any(), name


@BOTH
def test_the_pooled_regions_are_not_written_to(config: BoxHeadConfig) -> None:
    pooled = regions(2)
    head(config)(pooled)
    assert torch.equal(pooled, regions(2))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"width": 0}, "box_head"),
        ({"dropout": 1.0}, "box_head"),
        ({"dropout": -0.1}, "box_head"),
        ({"delta_std": (0.1, 0.0, 0.1, 0.1)}, "box_head.delta_std"),
    ],
)
def test_unusable_settings_are_refused(change: dict, place: str) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        BoxHeadConfig(**change)
    assert caught.value.place == place
