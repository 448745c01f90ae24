"""The seam's terms and the engine's: a request on its way in, a picture and errors on their way out."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from ekiben.cards.card import Card
from ekiben.diffusion.generation import CheckpointTaken, Event, GeneratedImage, Preview
from ekiben.diffusion.generation import Listener as EngineListener
from ekiben.diffusion.request import Adapter, ImageRequest
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import EkibenError, InvalidRequest
from ekiben.inference.image_generation import Checkpoints, Drawn, Facts, ImageSettings, Listener, Snapshot
from ekiben.inference.prompt_match import KnownWords

# How callers spell what the engine names otherwise.
_SPELLED: Final = {"steps": "num_inference_steps", "width": "size", "height": "size"}


def request_of(settings: ImageSettings, index: int) -> ImageRequest:
    """Picture `index` of a request, as the engine takes it.

    Raises:
        InvalidRequest: A value that no model takes; `param` names it as callers do.
    """
    try:
        return ImageRequest(
            prompt=settings.prompt,
            negative_prompt=settings.negative_prompt,
            width=settings.width,
            height=settings.height,
            steps=settings.steps,
            guidance_scale=float(settings.guidance_scale),
            seed=settings.seed_of(index),
            scheduler=_scheduler(settings.scheduler),
            strength=float(settings.strength),
            adapters=tuple(Adapter(name=each.name, weight=float(each.weight)) for each in settings.adapters),
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = str(fault["loc"][0]) if fault["loc"] else None
        raise spelled(InvalidRequest(f"{field}: {fault['msg']}", param=field)) from None


def drawn(image: GeneratedImage, card: Card, known: KnownWords | None = None) -> Drawn:
    """A finished picture, with what is told of it; `known` are the model's words, where it says which."""
    request, timing = image.request, image.timing
    facts = Facts(
        seed=request.seed,
        width=request.width,
        height=request.height,
        steps=request.steps,
        guidance_scale=request.guidance_scale,
        scheduler=image.scheduler.value,
        model=card.name,
        version=card.version,
        evaluations=image.evaluations,
        stages={
            "queue": timing.queue_s,
            "encode": timing.encode_s,
            "denoise": timing.denoise_s,
            "decode": timing.decode_s,
        },
        rows_per_step=timing.rows_per_step,
        prompt_match=known.match(request.prompt) if known else None,
    )
    return Drawn(image.pixels, facts)


def told(listener: Listener | None, checkpoints: Checkpoints | None) -> EngineListener | None:
    """The engine's listener that tells both of the seam's what is for them."""
    if listener is None and checkpoints is None:
        return None

    def tell(event: Event) -> None:
        if isinstance(event, CheckpointTaken):
            if checkpoints is not None:
                checkpoints.keep(Snapshot(event.step, event.steps, event.checkpoint.to_bytes))
        elif listener is not None:
            listener(event.step, event.steps, event.pixels if isinstance(event, Preview) else None)

    return tell


def spelled(error: EkibenError) -> EkibenError:
    """The same error, its field named as callers name it."""
    error.param = _SPELLED.get(error.param or "", error.param)
    return error


def _scheduler(name: str) -> SchedulerName:
    try:
        return SchedulerName(name)
    except ValueError:
        raise InvalidRequest(
            f"scheduler {name!r} is not one of {', '.join(SchedulerName)}.", param="scheduler"
        ) from None
