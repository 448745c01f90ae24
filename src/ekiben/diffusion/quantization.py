"""Linear layers of a denoiser in eight bits, by torchao."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from torch import nn
from torchao.quantization import (
    Float8DynamicActivationFloat8WeightConfig,
    Float8WeightOnlyConfig,
    Int8DynamicActivationInt8WeightConfig,
    Int8WeightOnlyConfig,
    quantize_,
)

from ekiben.errors import ConfigurationError

_CONFIGS: Final[dict[str, Callable[[], Any]]] = {
    "int8-weight": Int8WeightOnlyConfig,
    "int8-dynamic": Int8DynamicActivationInt8WeightConfig,
    "fp8-weight": Float8WeightOnlyConfig,
    "fp8-dynamic": Float8DynamicActivationFloat8WeightConfig,
}
# What conditions on time and text is small, and every block hangs on it.
_KEPT: Final = ("time_", "add_embedding", "context_embedder", "x_embedder", "pos_embed", "proj_out", "norm_out")


def quantize(denoiser: nn.Module, kind: str, *, device: str | None) -> None:
    """Quantize in place.

    Args:
        denoiser: A UNet or transformer.
        kind: `int8-weight`, `int8-dynamic`, `fp8-weight` or `fp8-dynamic`.
        device: Where each layer is moved for it; None leaves them where they are.

    Raises:
        ConfigurationError: The device cannot compute with it.
    """
    try:
        quantize_(denoiser, _CONFIGS[kind](), filter_fn=_is_quantized, device=device)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        raise ConfigurationError(f"levers.quantization {kind} does not work on {device}: {error}") from error


def _is_quantized(module: nn.Module, name: str) -> bool:
    return isinstance(module, nn.Linear) and not name.startswith(_KEPT)
