"""Attention among tokens: as torch brings it, or as xformers does."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def attended(query: Tensor, key: Tensor, value: Tensor, kind: str) -> Tensor:
    """Return (N, heads, T, width) what each token takes from all, the same by either way but for rounding.

    Args:
        query, key, value: (N, heads, T, width).
        kind: `sdpa`, or `xformers`, which must be installed and computes on a GPU.
    """
    if kind == "xformers":
        from xformers import ops  # type: ignore[import-not-found,unused-ignore]

        # There the heads stand after the tokens.
        parts = (part.transpose(1, 2).contiguous() for part in (query, key, value))
        seen: Tensor = ops.memory_efficient_attention(*parts)
        return seen.transpose(1, 2)
    return functional.scaled_dot_product_attention(query, key, value)
