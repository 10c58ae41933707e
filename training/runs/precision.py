"""In what numbers a training step is computed: decided once, from the machine alone, and written down."""

from __future__ import annotations

import torch


def choose_precision(wanted: str, device: torch.device) -> str:
    """Return `bf16` or `fp32`.

    `auto` takes bf16 on a processor with instructions for it (AVX512-BF16 or AMX, as oneDNN finds them) and
    on a GPU that has it. On any other processor bf16 is emulated: three times slower than fp32, measured on
    AVX2. It asks the machine and times nothing, so that a run does not change its numbers with the load.

    Args:
        wanted: `auto`, `bf16` or `fp32`; the last two are returned as they are.
        device: that computes.
    """
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "fp32"
