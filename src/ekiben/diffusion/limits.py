"""What one model's engine may take on at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Bounds.

    Attributes:
        max_cost: Most that a forward may cost, in denoiser rows × pixels. A picture that alone costs more still runs.
        max_open: Most pictures that wait or are being made.
        ageing_s: Seconds of waiting that are worth one step of priority.
        prompt_cache_bytes: Most that encoded prompts may take.

    Raises:
        ValueError: A bound is out of its range.
    """

    max_cost: int
    max_open: int
    ageing_s: float = 30.0
    prompt_cache_bytes: int = 256 * 2**20

    def __post_init__(self) -> None:
        if self.max_cost < 1 or self.max_open < 1:
            raise ValueError("max_cost and max_open must be at least 1")
        if not self.ageing_s > 0 or self.prompt_cache_bytes < 0:
            raise ValueError("ageing_s must be more than 0, prompt_cache_bytes not less")
