"""Attention as plain matrix products instead of torch's fused kernels: slower, and easier to compare."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch.nn.attention import SDPBackend, sdpa_kernel


def with_plain_attention(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The same forward, with every scaled dot product written out."""

    @functools.wraps(forward)
    def plain(*args: Any, **kwargs: Any) -> Any:
        with sdpa_kernel(SDPBackend.MATH):
            return forward(*args, **kwargs)

    return plain
