"""What a network starts from: random numbers, a backbone's weights, weights of ours."""

from dataclasses import replace

import pytest
import torch

from frcnn import settings
from frcnn.errors import ModelFileError
from frcnn.model.backbone import BackboneConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.presets import RunConfig
from frcnn.training.start import new_model, take_backbone, take_weights
from frcnn.weights.backbone import BackboneWeights
from frcnn.weights.file import Header


@pytest.fixture
def network(config: RunConfig) -> FasterRCNNConfig:
    return config.model


def header_of(config: FasterRCNNConfig, *classes: str) -> Header:
    return Header(classes=classes, config=settings.to_mapping(config))


def other_numbers(model: FasterRCNN) -> dict[str, torch.Tensor]:
    """The network's tensors, each with a number of its own."""
    own = model.state_dict()
    return {
        name: torch.arange(tensor.numel()).reshape(tensor.shape).to(tensor.dtype) + row
        for row, (name, tensor) in enumerate(own.items())
    }


def test_random_weights_depend_on_the_seed_alone(network: FasterRCNNConfig) -> None:
    before = torch.get_rng_state()
    one = new_model(network, 3)
    torch.rand(5)
    two, other = new_model(network, 3), new_model(network, 4)
    assert all(torch.equal(two.state_dict()[n], t) for n, t in one.state_dict().items())
    assert not torch.equal(one.rpn.conv.weight, other.rpn.conv.weight)
    torch.set_rng_state(before)
    new_model(network, 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_convolutions_are_channels_last(network: FasterRCNNConfig) -> None:
    weight = new_model(network, 0).rpn.conv.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_a_backbone_is_taken_whole(network: FasterRCNNConfig) -> None:
    model = new_model(network, 0)
    own = model.backbone.body.state_dict()
    tensors = {name: torch.full_like(tensor, 7) for name, tensor in own.items()}
    head = model.box_head.logits.weight.clone()
    sentence = take_backbone(
        model, BackboneWeights(tensors=tensors, preprocessing=None, origin="file.pth")
    )
    assert sentence == "backbone from file.pth, head from random numbers"
    assert all((tensor == 7).all() for tensor in model.backbone.body.state_dict().values())
    assert torch.equal(model.box_head.logits.weight, head)


def test_both_backbones_are_taken_where_the_stages_share_none(network: FasterRCNNConfig) -> None:
    model = new_model(replace(network, sharing="separate"), 0)
    own = model.backbone.body.state_dict()
    tensors = {name: torch.full_like(tensor, 7) for name, tensor in own.items()}
    take_backbone(model, BackboneWeights(tensors=tensors, preprocessing=None, origin="file.pth"))
    assert model.rpn_backbone is not None
    for backbone in (model.backbone, model.rpn_backbone):
        assert all((tensor == 7).all() for tensor in backbone.body.state_dict().values())


@pytest.mark.parametrize(("width", "taken"), [(8, True), (9, False)])
def test_fc6_and_fc7_come_along_where_they_fit(
    network: FasterRCNNConfig, width: int, taken: bool
) -> None:
    head = replace(network.box_head, layers="fc", width=8)
    model = new_model(replace(network, box_head=head), 0)
    inputs = model.box_head.hidden.fc6.in_features
    fc = {
        "classifier.0.weight": torch.full((width, inputs), 2.0),
        "classifier.0.bias": torch.full((width,), 3.0),
        "classifier.3.weight": torch.full((width, width), 4.0),
        "classifier.3.bias": torch.full((width,), 5.0),
    }
    sentence = take_backbone(model, BackboneWeights(tensors=fc, preprocessing=None, origin="vgg16"))
    assert sentence.endswith("fc6 and fc7 too") == taken
    assert bool((model.box_head.hidden.fc6.weight == 2).all()) == taken
    assert bool((model.box_head.hidden.fc7.bias == 5).all()) == taken


def test_the_same_classes_take_everything(network: FasterRCNNConfig) -> None:
    model = new_model(network, 0)
    tensors = other_numbers(model)
    sentence = take_weights(
        model, ("blue", "red"), header_of(network, "blue", "red"), tensors, "run/best"
    )
    assert sentence == "weights from run/best, 2 classes known"
    assert all(torch.equal(tensors[n], t) for n, t in model.state_dict().items())


def test_golden_other_classes_keep_the_rows_of_those_they_share(
    network: FasterRCNNConfig,
) -> None:
    """Old: cat, dog, owl. New: dog, eel. Background and dog are kept, eel stays random."""
    old = new_model(replace(network, classes=3), 0)
    tensors = other_numbers(old)
    model = new_model(network, 1)
    fresh = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    header = header_of(old.config, "cat", "dog", "owl")
    sentence = take_weights(model, ("dog", "eel"), header, tensors, "f")
    assert sentence.endswith("1 classes known, new ones start from random numbers: eel")
    now = model.state_dict()
    for kind in ("weight", "bias"):
        logits, deltas = f"box_head.logits.{kind}", f"box_head.deltas.{kind}"
        assert torch.equal(now[logits][0], tensors[logits][0])
        assert torch.equal(now[logits][1], tensors[logits][2])
        assert torch.equal(now[logits][2], fresh[logits][2])
        assert torch.equal(now[deltas][0:4], tensors[deltas][4:8])
        assert torch.equal(now[deltas][4:8], fresh[deltas][4:8])
    assert torch.equal(now["rpn.conv.weight"], tensors["rpn.conv.weight"])


def test_an_rpn_knows_no_classes(network: FasterRCNNConfig) -> None:
    tensors = other_numbers(new_model(network, 0))
    model = new_model(network, 1)
    fresh = model.box_head.logits.weight.detach().clone()
    header = replace(header_of(network, "blue", "red"), extra={"judged_by": "proposals"})
    sentence = take_weights(model, ("blue", "red"), header, tensors, "f")
    assert sentence.endswith("0 classes known, new ones start from random numbers: blue, red")
    assert torch.equal(model.box_head.logits.weight, fresh)
    assert torch.equal(model.rpn.conv.weight, tensors["rpn.conv.weight"])


def test_a_measured_scale_comes_along_class_by_class(network: FasterRCNNConfig) -> None:
    measured = replace(network, box_head=replace(network.box_head, normalisation="measured"))
    old = new_model(replace(measured, classes=3), 0)
    tensors = other_numbers(old)
    model = new_model(measured, 1)
    fresh = model.box_head.scale.std[1].clone()
    take_weights(model, ("dog", "eel"), header_of(old.config, "cat", "dog", "owl"), tensors, "f")
    assert torch.equal(model.box_head.scale.std[0], tensors["box_head.delta_std"][1])
    assert torch.equal(model.box_head.scale.mean[0], tensors["box_head.delta_mean"][1])
    assert torch.equal(model.box_head.scale.std[1], fresh)


def test_another_network_is_refused_untouched(network: FasterRCNNConfig) -> None:
    wide = new_model(replace(network, rpn=replace(network.rpn, channels=24)), 0)
    model = new_model(network, 0)
    before = model.rpn.conv.weight.clone()
    with pytest.raises(ModelFileError, match="RC510") as caught:
        take_weights(
            model, ("a", "b"), header_of(wide.config, "a", "b"), wide.state_dict(), "f.safetensors"
        )
    assert caught.value.place == "f.safetensors"
    assert torch.equal(model.rpn.conv.weight, before)


@pytest.mark.parametrize("now", ["frozen", "live"])
def test_batch_norm_may_be_frozen_or_set_free(network: FasterRCNNConfig, now: str) -> None:
    def having(batch_norm: str) -> FasterRCNNConfig:
        backbone: BackboneConfig = replace(network.backbone, batch_norm=batch_norm)  # type: ignore[arg-type]
        return replace(network, backbone=backbone)

    before = "live" if now == "frozen" else "frozen"
    old, model = new_model(having(before), 0), new_model(having(now), 1)
    tensors = other_numbers(old)
    take_weights(model, ("a", "b"), header_of(old.config, "a", "b"), tensors, "f")
    name = "backbone.body.bn1.running_var"
    assert torch.equal(model.state_dict()[name], tensors[name])
