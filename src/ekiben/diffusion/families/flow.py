"""What flow-matching transformers share: a schedule shifted by resolution, and where `strength` enters it."""

from __future__ import annotations

from ekiben.diffusion.request import ImageRequest
from ekiben.diffusion.schedulers import Scheduler


def shift_of(scheduler: Scheduler, image_tokens: int, default_max_shift: float) -> float:
    """How far the schedule of a picture of so many tokens is shifted: a line through two configured points."""
    config = scheduler.config
    few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", default_max_shift)
    slope = (high - low) / (many - few)
    shift: float = image_tokens * slope + (low - slope * few)
    return shift


def first_step(request: ImageRequest) -> int:
    """Steps that `strength` leaves out; these pipelines round the other way than Stable Diffusion's."""
    return int(max(request.steps - min(request.steps * request.strength, request.steps), 0))
