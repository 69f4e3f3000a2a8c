"""In which numbers a network is trained."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch


@dataclass(frozen=True, kw_only=True)
class Precision:
    """In which numbers convolutions and matrix products are computed."""

    device: torch.device
    dtype: torch.dtype = torch.float32
    """float32, bfloat16 or float16; weights and losses stay float32."""

    def autocast(self) -> AbstractContextManager[object]:
        """Compute in `dtype` inside; nothing changes for float32."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def scaler(self) -> torch.amp.GradScaler:
        """Make what keeps float16 gradients in range; disabled for the others."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype == torch.float16)
