"""Do these weights belong into that network? Names and shapes tell, before anything is loaded."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from frcnn.errors import ModelFileError

_SHOWN = 10
Shape = tuple[int, ...]


def load_into(module: nn.Module, tensors: Mapping[str, Tensor], place: str) -> None:
    """Copy weights into a module; every name and shape must agree, or nothing is copied.

    Args:
        module: the network, on any device. One on the `meta` device, which has no memory yet,
            takes the tensors themselves.
        tensors: by the names of its `state_dict`.
        place: where the weights come from, for the message.

    Raises:
        ModelFileError: names are missing or too many, or shapes differ (RC510).
    """
    own = module.state_dict()
    wanted = {name: tuple(tensor.shape) for name, tensor in own.items()}
    require_fit({name: tuple(tensor.shape) for name, tensor in tensors.items()}, wanted, place)
    taken = {name: tensor.to(own[name].dtype) for name, tensor in tensors.items()}
    module.load_state_dict(taken, assign=any(tensor.is_meta for tensor in own.values()))


def require_fit(
    found: Mapping[str, Shape],
    wanted: Mapping[str, Shape],
    place: str,
    *,
    optional: Mapping[str, Shape] | None = None,
) -> None:
    """Compare names and shapes.

    Args:
        found: shape of each tensor in the file.
        wanted: shape of each tensor that the network needs.
        place: where the weights come from, for the message.
        optional: tensors that may be there or not, but not with another shape.

    Raises:
        ModelFileError: names are missing or too many, or shapes differ (RC510). It lists at most
            ten of each with their shapes, and the likely cause.
    """
    known = {**wanted, **(optional or {})}
    missing = [f"{name} {list(shape)}" for name, shape in wanted.items() if name not in found]
    extra = [f"{name} {list(shape)}" for name, shape in found.items() if name not in known]
    other = [
        f"{name} {list(shape)} instead of {list(known[name])}"
        for name, shape in found.items()
        if name in known and tuple(shape) != tuple(known[name])
    ]
    lists = (("missing", missing), ("not known", extra), ("of another shape", other))
    faults = "; ".join(f"{word}: {_some(names)}" for word, names in lists if names)
    if faults:
        raise ModelFileError(
            "RC510",
            place,
            "these weights do not fit the network",
            got=faults,
            want=f"its {len(wanted)} tensors",
            fix=_likely_cause(found, wanted, other),
        )


def _some(names: Sequence[str]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _likely_cause(
    found: Mapping[str, Shape], wanted: Mapping[str, Shape], other: Sequence[str]
) -> str:
    for prefix in ("module.", "_orig_mod.", "backbone.", "model."):
        stripped = {name.removeprefix(prefix) for name in found if name.startswith(prefix)}
        if stripped & set(wanted):
            return f"save them again without the prefix `{prefix}` of a wrapper around the network"
    if set(found) == set(wanted):
        heads = all("box_head" in name or "classifier" in name or "fc" in name for name in other)
        if heads:
            return "the number of classes or the width of the head differs; use the file's own"
        return "the network has other sizes; use the settings that the file was made with"
    if set(found) < set(wanted):
        return "the file holds a part of the network only; a backbone's is for --backbone-weights"
    return "choose the network that the file was made for"
