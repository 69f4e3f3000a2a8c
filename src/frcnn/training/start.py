"""What a network starts from: random numbers, a backbone's published weights, or weights of ours.

Faster R-CNN §3.1.3: new layers are drawn from a Gaussian, shared ones start from ImageNet; fc6 and
fc7 too, where the weights file has them (torchvision's `classifier.0` and `classifier.3`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.training.batches import seed_of
from frcnn.weights.backbone import BackboneWeights
from frcnn.weights.file import Header
from frcnn.weights.fit import require_fit

_COUNTER = ".num_batches_tracked"
"""Of a batch normalisation that learns its statistics; nothing is computed from it."""
_FC = {"classifier.0": "box_head.hidden.fc6", "classifier.3": "box_head.hidden.fc7"}


def new_model(config: FasterRCNNConfig, seed: int) -> FasterRCNN:
    """Make a network with random weights; torch's global generator is left as it was.

    Args:
        config: every stage's settings.
        seed: the weights depend on it alone.

    Returns:
        The network, on the CPU, its convolutions laid out channels-last.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("weights", seed))
        model = FasterRCNN(config)
    return model.to(memory_format=torch.channels_last)


def take_backbone(model: FasterRCNN, weights: BackboneWeights) -> str:
    """Start from a backbone's published weights; both backbones where the stages share none.

    Args:
        model: changed in place.
        weights: under torchvision's names, whole (`weights.backbone` has looked).

    Returns:
        A sentence that says what was taken.
    """
    for backbone in (model.backbone, model.rpn_backbone):
        if backbone is not None:
            own = backbone.body.state_dict()
            taken = {name: weights.tensors.get(name, tensor) for name, tensor in own.items()}
            backbone.body.load_state_dict(taken)
    return f"backbone from {weights.origin}{_take_fc(model, weights.tensors)}"


def take_weights(
    model: FasterRCNN,
    classes: Sequence[str],
    header: Header,
    tensors: Mapping[str, Tensor],
    origin: str,
) -> str:
    """Go on from a detector's weights, of the same classes or of others.

    Args:
        model: changed in place.
        classes: of the new data, in the order of their ids.
        header: of the file; its classes are read.
        tensors: of the file.
        origin: the file's path, for messages.

    Returns:
        A sentence that says what was taken and what starts anew.

    Raises:
        ModelFileError: the file is of another network (RC510).
    """
    own = model.state_dict()
    last = ("box_head.logits.", "box_head.deltas.", "box_head.delta_mean", "box_head.delta_std")
    shared = {n: t for n, t in tensors.items() if not n.startswith(last) and _is_kept(n, own)}
    shapes = {name: tuple(tensor.shape) for name, tensor in shared.items()}
    wanted = {n: tuple(t.shape) for n, t in own.items() if not n.startswith(last)}
    counters = {n: shape for n, shape in wanted.items() if n.endswith(_COUNTER)}
    require_fit(
        shapes, {n: s for n, s in wanted.items() if n not in counters}, origin, optional=counters
    )
    theirs = header.classes if header.has_head else ()  # else its classes were never learnt
    known = [name for name in classes if name in theirs]
    with torch.no_grad():
        for name, tensor in shared.items():
            own[name].copy_(tensor)
        if theirs:
            _take_classes(model, classes, theirs, tensors)
    new = [name for name in classes if name not in known]
    kept = f"weights from {origin}, {len(known)} classes known"
    return f"{kept}, new ones start from random numbers: {', '.join(new)}" if new else kept


def take_first_stage(model: FasterRCNN, tensors: Mapping[str, Tensor], origin: str) -> None:
    """Let a network of two backbones propose as another network does.

    Args:
        model: its `rpn_backbone` and `rpn` are changed in place.
        tensors: of the other network's file; its RPN looks through a backbone of its own, or
            through the shared one.
        origin: the file's path, for messages.

    Raises:
        ModelFileError: the file is of another network (RC510).
    """
    apart = any(name.startswith("rpn_backbone.") for name in tensors)
    theirs = {"rpn_backbone.": "rpn_backbone." if apart else "backbone.", "rpn.": "rpn."}
    own = model.state_dict()
    taken = {
        ours + name.removeprefix(prefix): tensor
        for ours, prefix in theirs.items()
        for name, tensor in tensors.items()
        if name.startswith(prefix) and _is_kept(ours + name.removeprefix(prefix), own)
    }
    wanted = {n: tuple(t.shape) for n, t in own.items() if n.startswith(tuple(theirs))}
    counters = {n: shape for n, shape in wanted.items() if n.endswith(_COUNTER)}
    shapes = {name: tuple(tensor.shape) for name, tensor in taken.items()}
    needed = {n: s for n, s in wanted.items() if n not in counters}
    require_fit(shapes, needed, origin, optional=counters)
    with torch.no_grad():
        for name, tensor in taken.items():
            own[name].copy_(tensor)


def with_shared_backbone(detector: FasterRCNN, seed: int) -> FasterRCNN:
    """Give both stages one backbone: a detector's, with its head, and an RPN that starts anew.

    Step 3 of alternating training (§3.2).

    Args:
        detector: a network of two backbones; stays as it is.
        seed: of the run; the new RPN's weights depend on it.

    Returns:
        A network of one backbone, on the detector's device.
    """
    model = new_model(replace(detector.config, sharing="shared"), seed)
    for part in ("backbone", "box_head"):
        getattr(model, part).load_state_dict(getattr(detector, part).state_dict())
    return model.to(next(detector.parameters()).device)


def new_last_layers(model: FasterRCNN, seed: int) -> None:
    """Let the head's two last layers start anew (step 4 in the authors' Python code).

    Args:
        model: changed in place.
        seed: of the run; the new weights depend on it.
    """
    fresh = new_model(model.config, seed_of("last layers", seed)).box_head
    for name in ("logits", "deltas"):
        getattr(model.box_head, name).load_state_dict(getattr(fresh, name).state_dict())


def _is_kept(name: str, own: Mapping[str, Tensor]) -> bool:
    """Leave out what only a batch normalisation that learns has, where ours is frozen."""
    return name in own or not name.endswith(_COUNTER)


def _take_fc(model: FasterRCNN, tensors: Mapping[str, Tensor]) -> str:
    """Copy fc6 and fc7 where the file and the head both have them in the same size."""
    own = model.state_dict()
    pairs = [
        (f"{theirs}.{kind}", f"{ours}.{kind}")
        for theirs, ours in _FC.items()
        for kind in ("weight", "bias")
    ]
    fits = all(a in tensors and b in own and tensors[a].shape == own[b].shape for a, b in pairs)
    if not fits:
        return ", head from random numbers"
    with torch.no_grad():
        for theirs, ours in pairs:
            own[ours].copy_(tensors[theirs])
    return ", fc6 and fc7 too"


def _take_classes(
    model: FasterRCNN,
    classes: Sequence[str],
    known: Sequence[str],
    tensors: Mapping[str, Tensor],
) -> None:
    """Copy the last layers' rows of background and of every class that both know by name."""
    rows = [(0, 0)]
    rows += [(i + 1, known.index(name) + 1) for i, name in enumerate(classes) if name in known]
    head = model.box_head
    for kind in ("weight", "bias"):
        logits = getattr(head.logits, kind)
        deltas = getattr(head.deltas, kind).view(len(classes), 4, -1)
        their_deltas = tensors[f"box_head.deltas.{kind}"].view(len(known), 4, -1)
        for ours, theirs in rows:
            logits[ours].copy_(tensors[f"box_head.logits.{kind}"][theirs])
            if ours > 0:
                deltas[ours - 1].copy_(their_deltas[theirs - 1])
    for name, buffer in head.named_buffers(recurse=False):  # a measured scale of the deltas
        if (measured := tensors.get(f"box_head.{name}")) is not None:
            for ours, theirs in rows[1:]:
                buffer[ours - 1].copy_(measured[theirs - 1])
