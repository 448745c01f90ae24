"""The sampling that a chat and a plain completion ask for alike."""

from __future__ import annotations

from ekiben.inference.generation import Sampling
from ekiben.schemas.generation import GenerationOptions


def sampling_of(asked: GenerationOptions) -> Sampling:
    """As the caller wrote it; what is left out stays open."""
    return Sampling(
        temperature=asked.temperature,
        top_p=asked.top_p,
        presence_penalty=asked.presence_penalty,
        frequency_penalty=asked.frequency_penalty,
        seed=asked.seed,
    )
