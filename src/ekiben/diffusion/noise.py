"""Noise: one generator a request, on the CPU, so that a seed means the same on every device and in every batch."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from ekiben.errors import CheckpointRefused


def seeded(seed: int) -> Generator:
    """A generator for one request; torch's global one is never touched."""
    return Generator("cpu").manual_seed(seed)


def draw(shape: tuple[int, ...], generator: Generator, *, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Standard normal noise as diffusers draws it: on the CPU in the model's precision, then moved."""
    return torch.randn(shape, generator=generator, device="cpu", dtype=dtype).to(device)


def resumed(state: Tensor) -> Generator:
    """A generator that goes on from a saved state, a vector of bytes.

    Raises:
        CheckpointRefused: It is no state of a generator.
    """
    generator = Generator("cpu")
    try:
        generator.set_state(state.to("cpu", copy=True))
    except (RuntimeError, TypeError) as error:
        raise CheckpointRefused("The generator's state is damaged.", param="checkpoint") from error
    return generator
