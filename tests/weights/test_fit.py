"""require_fit: what is wrong with weights that do not fit, and why (E07)."""

import pytest
import torch
from torch import nn

from frcnn.errors import ModelFileError
from frcnn.weights.fit import load_into, require_fit

WANTED = {
    "backbone.weight": (4, 3),
    "backbone.bias": (4,),
    "box_head.classes.weight": (7, 16),
    "box_head.classes.bias": (7,),
}


def refusal(found, **given) -> ModelFileError:
    with pytest.raises(ModelFileError) as raised:
        require_fit(found, WANTED, "best.safetensors", **given)
    assert raised.value.code == "RC510"
    assert raised.value.place == "best.safetensors"
    return raised.value


def test_what_fits_passes() -> None:
    require_fit(dict(reversed(WANTED.items())), WANTED, "a")
    require_fit({}, {}, "a")


def test_optional_ones_may_be_there_or_not() -> None:
    require_fit({**WANTED, "more": (1,)}, WANTED, "a", optional={"more": (1,), "other": (2,)})
    error = refusal({**WANTED, "more": (2,)}, optional={"more": (1,)})
    assert "of another shape: more [2] instead of [1]" in error.got


def test_missing_ones_are_listed_with_their_shapes() -> None:
    error = refusal({name: WANTED[name] for name in ("backbone.weight", "backbone.bias")})
    want = "missing: box_head.classes.weight [7, 16], box_head.classes.bias [7]"
    assert error.got == want
    assert "a part of the network" in error.fix


def test_unknown_ones_are_listed() -> None:
    error = refusal({**WANTED, "mask_head.weight": (1, 2)})
    assert error.got == "not known: mask_head.weight [1, 2]"
    assert "the network that the file was made for" in error.fix


def test_another_number_of_classes_is_the_likely_cause() -> None:
    found = {**WANTED, "box_head.classes.weight": (21, 16), "box_head.classes.bias": (21,)}
    error = refusal(found)
    assert "box_head.classes.weight [21, 16] instead of [7, 16]" in error.got
    assert "number of classes" in error.fix


def test_other_sizes_are_the_likely_cause() -> None:
    assert "other sizes" in refusal({**WANTED, "backbone.bias": (8,)}).fix


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "backbone.", "model."])
def test_a_wrapper_is_the_likely_cause(prefix: str) -> None:
    error = refusal({prefix + name: shape for name, shape in WANTED.items()})
    assert f"`{prefix}`" in error.fix


def test_ten_of_a_kind_are_shown() -> None:
    error = refusal({**WANTED, **{f"x{row}": (row,) for row in range(25)}})
    assert error.got.count("x") == 10
    assert error.got.endswith("and 15 more")


def test_load_into_copies_all_or_nothing() -> None:
    module = nn.Linear(3, 4)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(ModelFileError, match="RC510"):
        load_into(module, {"weight": torch.ones(4, 3), "bias": torch.ones(5)}, "a")
    assert all(torch.equal(before[n], t) for n, t in module.state_dict().items())
    load_into(module, {"bias": torch.ones(4), "weight": torch.ones(4, 3)}, "a")
    assert torch.equal(module.weight, torch.ones(4, 3))


def test_a_module_without_memory_takes_the_tensors_in_its_own_number_format() -> None:
    with torch.device("meta"):
        module = nn.Linear(3, 4)
    module.bias.requires_grad_(requires_grad=False)
    tensors = {"bias": torch.ones(4).double(), "weight": torch.ones(4, 3)}
    load_into(module, tensors, "a")
    assert module.weight.data_ptr() == tensors["weight"].data_ptr()
    assert module.bias.dtype == torch.float32
    assert (module.weight.requires_grad, module.bias.requires_grad) == (True, False)
