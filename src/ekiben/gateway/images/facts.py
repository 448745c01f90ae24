"""What is told of a picture."""

from __future__ import annotations

from dataclasses import asdict

from ekiben.inference.image_generation import Facts, ImageSettings
from ekiben.schemas.images import ImageFacts, ImagePromptMatch, ImageUsage


def facts_of(facts: Facts) -> dict[str, object]:
    """How it was made, as `ImageFacts` has it."""
    told = ImageFacts(
        seed=facts.seed,
        width=facts.width,
        height=facts.height,
        num_inference_steps=facts.steps,
        guidance_scale=facts.guidance_scale,
        scheduler=facts.scheduler,
        model=facts.model,
        model_version=facts.version,
        timings_ms={name: round(seconds * 1_000, 3) for name, seconds in facts.stages.items()},
        rows_per_step=round(facts.rows_per_step, 3),
        prompt_match=None if facts.prompt_match is None else ImagePromptMatch(**asdict(facts.prompt_match)),
    )
    return told.model_dump(exclude_none=True)


def usage_of() -> dict[str, object]:
    """Tokens, which there are none of."""
    return ImageUsage().model_dump()


def size_of(settings: ImageSettings) -> str:
    """WIDTHxHEIGHT in pixels."""
    return f"{settings.width}x{settings.height}"
