"""Text to image, batched by denoising step.

The way of a picture, a module for each line:

    request      what is asked for; schedulers, the sampler by name
    engine       submit: room (pool), time (pace)                     → 400, 429
    selection    before each step: which shape, and who of it
    beginning    who joins: prompt encoded (prompts), noise drawn (noise, start)
    stages       begin, denoise, decode; who fails, fails alone        → 503
    run          one forward for all rows, then each picture's own scheduler step (guidance, repaint)
    latent_space finished pictures are decoded together
    reporting    what listeners hear: progress, previews (preview), checkpoints
    generation   what the caller holds

A model is a `family`, an adapter over a pipeline of diffusers (`families`); `load` makes one from a folder.
`checkpoint` is the format in which a picture travels, `run_state` and `scheduler_state` what goes into it.
`lane` puts an engine on a device's thread, `residency` several models that do not all fit, and `profile` measures how
much a forward should hold. The engine itself knows no threads, event loops or HTTP.
"""

from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.engine import Engine
from ekiben.diffusion.families import family_of
from ekiben.diffusion.generation import (
    CheckpointTaken,
    Event,
    GeneratedImage,
    Generation,
    Preview,
    Progress,
    Wishes,
)
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.lane import DiffusionLane
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.load import load_family
from ekiben.diffusion.metrics import DiffusionMetrics
from ekiben.diffusion.preview import LatentPreview
from ekiben.diffusion.profile import profiled_cap
from ekiben.diffusion.request import Adapter, ImageRequest, SourceImage
from ekiben.diffusion.residency import Loadable, Residency
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.diffusion.timing import Timing

__all__ = [
    "Adapter",
    "Checkpoint",
    "CheckpointTaken",
    "DiffusionLane",
    "DiffusionMetrics",
    "Engine",
    "EngineLimits",
    "Event",
    "GeneratedImage",
    "Generation",
    "ImageRequest",
    "LatentPreview",
    "Loadable",
    "ModelIdentity",
    "Preview",
    "Progress",
    "Residency",
    "SchedulerName",
    "SourceImage",
    "Timing",
    "Wishes",
    "family_of",
    "load_family",
    "profiled_cap",
]
