"""encode and decode: Eq. (2) on the reference's golden pair, both ways, and against float64."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from frcnn.errors import ShapeError
from frcnn.ops.deltas import MAX_LOG_SCALE, decode, encode

ANCHOR = torch.tensor([[76.0, 40.0, 259.0, 135.0]])
OBJECT = torch.tensor([[100.0, 50.0, 250.0, 150.0]])
PAIRS = [1_000, pytest.param(100_000, marks=pytest.mark.slow)]


def random_boxes(seed: int, count: int) -> Tensor:
    """Draw boxes with sides of 4 to 1000 pixels in a 1000-pixel picture."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 1000, (count, 2))
    side = 10 ** rng.uniform(0.6, 3, (count, 2))
    return torch.from_numpy(np.concatenate((corner, corner + side), 1).astype(np.float32))


def centre_form(boxes: Tensor) -> np.ndarray:
    x1, y1, x2, y2 = boxes.numpy().astype(np.float64).T
    return np.stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1))


# --- golden by hand


def test_golden_deltas() -> None:
    want = torch.tensor([[0.040984, 0.131579, -0.198851, 0.051293]])
    torch.testing.assert_close(encode(OBJECT, ANCHOR), want, rtol=0, atol=1e-6)


def test_golden_decode_has_no_extra_pixel() -> None:
    deltas = torch.tensor([[0.0409836, 0.1315789, -0.1988509, 0.0512933]])
    torch.testing.assert_close(decode(deltas, ANCHOR), OBJECT, rtol=0, atol=1e-4)


def test_zero_deltas_are_the_reference() -> None:
    assert torch.equal(decode(torch.zeros(1, 4), ANCHOR), ANCHOR)
    assert encode(ANCHOR, ANCHOR).tolist() == [[0, 0, 0, 0]]


def test_each_delta_moves_its_own_side() -> None:
    reference = torch.tensor([[0.0, 0.0, 10.0, 20.0]]).expand(4, 4)
    deltas = torch.eye(4) * torch.tensor([1.0, 0.5, math.log(2), math.log(3)])
    want = torch.tensor(
        [
            [10.0, 0.0, 20.0, 20.0],  # one width to the right
            [0.0, 10.0, 10.0, 30.0],  # half a height down
            [-5.0, 0.0, 15.0, 20.0],  # twice as wide about its centre
            [0.0, -20.0, 10.0, 40.0],  # three times as high
        ]
    )
    torch.testing.assert_close(decode(deltas, reference), want)


def test_a_side_grows_to_the_limit_and_no_further() -> None:
    reference = torch.tensor([[0.0, 0.0, 16.0, 16.0]])
    huge = decode(torch.tensor([[0.0, 0.0, 1e4, 88.0]]), reference)
    torch.testing.assert_close(huge[0, 2:] - huge[0, :2], torch.tensor([1000.0, 1000.0]))
    assert math.exp(MAX_LOG_SCALE) * 16 == pytest.approx(1000)
    tiny = decode(torch.tensor([[0.0, 0.0, -1e4, -1e4]]), reference)
    assert tiny.tolist() == [[8, 8, 8, 8]]  # shrinking has no limit but zero


# --- what always holds


@pytest.mark.parametrize("count", PAIRS)
def test_encode_agrees_with_float64(count: int) -> None:
    boxes, references = random_boxes(1, count), random_boxes(2, count)
    x, y, w, h = centre_form(boxes)
    xa, ya, wa, ha = centre_form(references)
    want = np.stack(((x - xa) / wa, (y - ya) / ha, np.log(w / wa), np.log(h / ha)), axis=1)
    difference = np.abs(encode(boxes, references).numpy() - want)
    assert (difference <= 1e-6 * (1 + np.abs(want)) + 1e-4 / np.minimum(wa, ha)[:, None]).all()


@pytest.mark.parametrize("count", PAIRS)
def test_decode_agrees_with_float64(count: int) -> None:
    references = random_boxes(3, count)
    rng = np.random.default_rng(4)
    deltas = rng.normal(0, (0.3, 0.3, 0.5, 0.5), (count, 4)).astype(np.float32)
    tx, ty, tw, th = deltas.astype(np.float64).T
    xa, ya, wa, ha = centre_form(references)
    x, y, w, h = xa + tx * wa, ya + ty * ha, wa * np.exp(tw), ha * np.exp(th)
    want = np.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2), axis=1)
    got = decode(torch.from_numpy(deltas), references).numpy()
    assert (np.abs(got - want) <= 1e-3 * np.maximum(1, np.abs(want).max(1) / 1000)[:, None]).all()


@pytest.mark.parametrize("count", PAIRS)
def test_decode_undoes_encode(count: int) -> None:
    boxes, references = random_boxes(5, count), random_boxes(6, count)
    w, h, wa, ha = (*centre_form(boxes)[2:], *centre_form(references)[2:])
    reachable = torch.from_numpy(np.maximum(w / wa, h / ha) < 62)
    back = decode(encode(boxes, references), references)
    assert (back - boxes)[reachable].abs().max() < 2e-3
    assert reachable.float().mean() > 0.8


def test_deltas_do_not_change_when_everything_moves_or_grows() -> None:
    boxes, references = random_boxes(7, 100).double(), random_boxes(8, 100).double()
    want = encode(boxes, references)
    torch.testing.assert_close(encode(boxes + 64, references + 64), want)
    torch.testing.assert_close(encode(boxes * 4, references * 4), want)


def test_deltas_of_every_class_share_their_reference() -> None:
    references = random_boxes(9, 30)
    deltas = torch.randn(30, 5, 4, generator=torch.Generator().manual_seed(0))
    got = decode(deltas, references)
    assert got.shape == (30, 5, 4)
    for k in range(5):
        assert torch.equal(got[:, k], decode(deltas[:, k], references))


# --- nothing in


def test_no_boxes() -> None:
    none = torch.zeros(0, 4)
    assert encode(none, none).shape == (0, 4)
    assert decode(none, none).shape == (0, 4)
    assert decode(torch.zeros(0, 3, 4), none).shape == (0, 3, 4)
    assert decode(torch.zeros(2, 0, 4), ANCHOR.expand(2, 4)).shape == (2, 0, 4)


# --- wrong in


@pytest.mark.parametrize("shape", [(2, 4), (1, 5), (4,), (1, 1, 4)])
def test_encode_wants_a_box_for_each_reference(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"RC390.*deltas.encode: boxes: wrong tensor; got \["):
        encode(torch.ones(shape), ANCHOR)


@pytest.mark.parametrize("shape", [(2, 4), (1, 8), (4,), (2, 3, 4), (1, 1, 1, 4)])
def test_decode_wants_deltas_for_each_reference(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"RC390.*deltas.decode: deltas: .*\[1, K, 4\]"):
        decode(torch.ones(shape), ANCHOR)


def test_references_are_a_list_of_boxes() -> None:
    with pytest.raises(ShapeError, match=r"deltas\.decode: references"):
        decode(torch.zeros(1, 4), ANCHOR[0])
    with pytest.raises(ShapeError, match=r"deltas\.encode: references"):
        encode(ANCHOR, ANCHOR.long())


# --- gradient


@pytest.mark.parametrize("seed", range(10))
def test_gradients_both_ways(seed: int) -> None:
    boxes, references = random_boxes(seed, 4).double(), random_boxes(seed + 100, 4).double()
    deltas = encode(boxes, references).clamp(max=4).requires_grad_()
    assert torch.autograd.gradcheck(lambda d: decode(d, references), deltas)
    classes = torch.stack((deltas, deltas / 2), dim=1).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda d: decode(d, references), classes)
    assert torch.autograd.gradcheck(lambda b: encode(b, references), boxes.requires_grad_())


def test_past_the_limit_no_gradient_flows() -> None:
    deltas = torch.tensor([[0.0, 0.0, 5.0, 0.0]]).requires_grad_()
    decode(deltas, ANCHOR)[0, 2].backward()
    assert deltas.grad is not None
    assert deltas.grad[0].tolist() == [183, 0, 0, 0]
