"""What a card begins with for each kind of diffusers pipeline; starting points, to be looked over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOISE: Final = ("dpmpp_2m", "euler", "euler_ancestral", "ddim", "pndm", "unipc")
_OWN: Final = {
    "PNDMScheduler": "pndm",
    "DDIMScheduler": "ddim",
    "EulerDiscreteScheduler": "euler",
    "EulerAncestralDiscreteScheduler": "euler_ancestral",
    "DPMSolverMultistepScheduler": "dpmpp_2m",
    "UniPCMultistepScheduler": "unipc",
    "LCMScheduler": "lcm",
    "FlowMatchEulerDiscreteScheduler": "flow_match_euler",
}


@dataclass(frozen=True, slots=True)
class PipelineDefaults:
    """How pictures are made with a kind of pipeline.

    Attributes:
        denoiser: The component's name.
        size_multiple: Of width and height, in pixels.
        edits: Whether source images are taken; not by LCM, whose own way of spacing their steps is not built here.
        pixel_bytes: Memory on the device for each pixel of a denoiser row, besides the weights.
    """

    denoiser: Literal["unet", "transformer"]
    precision: Literal["fp16", "bf16"]
    steps: int
    max_steps: int
    guidance_scale: float
    max_guidance_scale: float
    schedulers: tuple[str, ...]
    negative_prompt: bool = True
    edits: bool = True
    size_multiple: int = 8
    pixel_bytes: int = 1_000


_SD: Final = PipelineDefaults("unet", "fp16", 25, 100, 7.5, 20.0, _NOISE)
_KINDS: Final[Mapping[str, PipelineDefaults]] = {
    "StableDiffusionPipeline": _SD,
    "StableDiffusionInpaintPipeline": _SD,
    "StableDiffusionXLPipeline": replace(_SD, guidance_scale=5.0),
    "LatentConsistencyModelPipeline": replace(
        _SD, steps=4, max_steps=12, guidance_scale=8.5, schedulers=("lcm",), negative_prompt=False, edits=False
    ),
    "StableDiffusion3Pipeline": PipelineDefaults(
        "transformer", "bf16", 28, 100, 4.5, 15.0, ("flow_match_euler",), size_multiple=16
    ),
    "FluxPipeline": PipelineDefaults(
        "transformer", "bf16", 28, 50, 3.5, 10.0, ("flow_match_euler",), negative_prompt=False, size_multiple=16
    ),
}


def kinds() -> tuple[str, ...]:
    """The classes of pipelines that are known."""
    return tuple(_KINDS)


def defaults_of(kind: object, denoiser: Mapping[str, Any], scheduler: Mapping[str, Any]) -> PipelineDefaults | None:
    """What suits a pipeline; None for a kind that is not known.

    Args:
        kind: The class that its index names.
        denoiser: Configuration of the UNet or transformer.
        scheduler: Configuration of its own scheduler, which becomes the default.
    """
    found = _KINDS.get(str(kind))
    if found is None:
        return None
    if kind == "FluxPipeline" and denoiser.get("guidance_embeds") is not True:
        return replace(found, steps=4, max_steps=8, guidance_scale=0.0, max_guidance_scale=0.0)
    own = _OWN.get(str(scheduler.get("_class_name")))
    if own is None or own not in found.schedulers:
        return found
    found = replace(found, schedulers=tuple(dict.fromkeys((own, *found.schedulers))))
    return _few_steps(found) if _is_distilled(scheduler) else found


def _is_distilled(scheduler: Mapping[str, Any]) -> bool:
    """Turbo models are told apart by a schedule that begins at pure noise, as none but theirs does for epsilon."""
    return (
        scheduler.get("timestep_spacing") == "trailing"
        and scheduler.get("prediction_type", "epsilon") == "epsilon"
        and not scheduler.get("rescale_betas_zero_snr")
    )


def _few_steps(defaults: PipelineDefaults) -> PipelineDefaults:
    return replace(
        defaults,
        steps=4,
        max_steps=10,
        guidance_scale=0.0,
        max_guidance_scale=2.0,
        schedulers=tuple(name for name in defaults.schedulers if name.startswith("euler")),
    )
