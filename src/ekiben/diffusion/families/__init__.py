"""The families of models, by the class of diffusers' pipeline that loads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ekiben.diffusion.families.flux import Flux
from ekiben.diffusion.families.sd3 import StableDiffusion3
from ekiben.diffusion.families.sdxl import StableDiffusionXL
from ekiben.diffusion.families.stable_diffusion import StableDiffusion
from ekiben.diffusion.family import Family, Pipeline
from ekiben.errors import ConfigurationError

FAMILIES: Mapping[str, Callable[[Pipeline], Family]] = {
    "StableDiffusionPipeline": StableDiffusion,
    "StableDiffusionInpaintPipeline": StableDiffusion,
    "LatentConsistencyModelPipeline": StableDiffusion,
    "StableDiffusionXLPipeline": StableDiffusionXL,
    "StableDiffusion3Pipeline": StableDiffusion3,
    "FluxPipeline": Flux,
}


def family_of(pipeline: Pipeline) -> Family:
    """The family of a loaded pipeline.

    Raises:
        ConfigurationError: It is of none that is supported.
    """
    name = type(pipeline).__name__
    if name not in FAMILIES:
        raise ConfigurationError(f"{name} is not supported; {', '.join(FAMILIES)} are.")
    return FAMILIES[name](pipeline)
