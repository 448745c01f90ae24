"""The schedulers that the model's card offers."""

from __future__ import annotations

from typing import Any

from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler


def offered(own: Any) -> dict[str, Any]:
    """By name; the model's own, which is DDIM, first."""
    return {
        "ddim": own,
        "euler": EulerDiscreteScheduler.from_config(own.config),
        "dpmpp_2m": DPMSolverMultistepScheduler.from_config(own.config),
    }
