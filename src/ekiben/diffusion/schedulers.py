"""The schedulers that a request may name, and one made for each request.

Every request owns its scheduler: schedulers remember earlier predictions, so that one shared by two requests would
mix their pictures.
"""

from __future__ import annotations

import inspect
from enum import StrEnum
from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

from ekiben.errors import InvalidRequest

Scheduler = Any
"""An instance of one of diffusers' scheduler classes, which share no typed base."""


class SchedulerName(StrEnum):
    """The schedulers by the names their authors gave them."""

    PNDM = "pndm"
    DDIM = "ddim"
    EULER = "euler"
    EULER_ANCESTRAL = "euler_ancestral"
    DPMPP_2M = "dpmpp_2m"
    UNIPC = "unipc"
    LCM = "lcm"
    FLOW_MATCH_EULER = "flow_match_euler"


def scheduler_class(name: SchedulerName) -> type[Scheduler]:
    """The class of diffusers behind a name."""
    return _CLASSES[name]


def name_of(scheduler: Scheduler) -> SchedulerName:
    """The name of a scheduler.

    Raises:
        InvalidRequest: It is none of those that can be checkpointed, so that no request may use it.
    """
    for name, kind in _CLASSES.items():
        if type(scheduler) is kind:
            return name
    known = ", ".join(SchedulerName)
    raise InvalidRequest(f"{type(scheduler).__name__} is not supported; one of {known} is.", param="scheduler")


def make_scheduler(template: Scheduler, name: SchedulerName | None) -> Scheduler:
    """A scheduler for one request, set up as the model's own is.

    Args:
        template: The pipeline's scheduler.
        name: The one asked for; None for the same class as the template's.

    Raises:
        InvalidRequest: The model predicts velocities of a flow and the scheduler expects noise, or the reverse.
    """
    own = name_of(template)
    chosen = name or own
    if (chosen is SchedulerName.FLOW_MATCH_EULER) != (own is SchedulerName.FLOW_MATCH_EULER):
        raise InvalidRequest(
            f"This model cannot be sampled with {chosen}; its own scheduler is {own}.", param="scheduler"
        )
    kind = _CLASSES[chosen]
    fields = _parameters(kind, "__init__")
    config = {**_FOR_LATENTS, **template.config}
    # diffusers would ignore the others too, with a warning for each picture; its own begin with an underscore.
    return kind.from_config({name: value for name, value in config.items() if name in fields or name.startswith("_")})


def takes_generator(scheduler: Scheduler) -> bool:
    """Whether its steps may draw noise."""
    return "generator" in _parameters(type(scheduler), "step")


def _parameters(kind: type[Scheduler], method: str) -> frozenset[str]:
    return frozenset(inspect.signature(getattr(kind, method)).parameters)


# What every published latent diffusion model states, where the template's class has no such field: latents are no
# pixels to be clipped at ±1, and Runge-Kutta sub-steps are not worth their forwards.
_FOR_LATENTS = {"clip_sample": False, "skip_prk_steps": True}

_CLASSES: dict[SchedulerName, type[Scheduler]] = {
    SchedulerName.PNDM: PNDMScheduler,
    SchedulerName.DDIM: DDIMScheduler,
    SchedulerName.EULER: EulerDiscreteScheduler,
    SchedulerName.EULER_ANCESTRAL: EulerAncestralDiscreteScheduler,
    SchedulerName.DPMPP_2M: DPMSolverMultistepScheduler,
    SchedulerName.UNIPC: UniPCMultistepScheduler,
    SchedulerName.LCM: LCMScheduler,
    SchedulerName.FLOW_MATCH_EULER: FlowMatchEulerDiscreteScheduler,
}
