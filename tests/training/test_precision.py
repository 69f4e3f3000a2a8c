"""Numbers to train in: what is scaled, what is cast."""

import torch

from frcnn.training.precision import Precision

CPU = torch.device("cpu")


def test_only_float16_is_scaled() -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        scaler = Precision(device=CPU, dtype=dtype).scaler()
        assert scaler.is_enabled() == (dtype == torch.float16)


def test_float32_is_left_as_it_is() -> None:
    with Precision(device=CPU).autocast():
        assert not torch.is_autocast_enabled("cpu")
    with Precision(device=CPU, dtype=torch.bfloat16).autocast():
        assert torch.is_autocast_enabled("cpu")
