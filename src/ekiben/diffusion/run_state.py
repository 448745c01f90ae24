"""Between a `Run` and a `Checkpoint`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata

import diffusers
import torch
from torch import Tensor

from ekiben.diffusion import scheduler_state
from ekiben.diffusion.checkpoint import FORMAT, Checkpoint, CheckpointHeader
from ekiben.diffusion.family import Conditions, Family
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.noise import resumed
from ekiben.diffusion.repaint import Repaint
from ekiben.diffusion.run import Run
from ekiben.diffusion.schedulers import make_scheduler
from ekiben.diffusion.start import schedule
from ekiben.diffusion.timing import Stopwatch
from ekiben.errors import CheckpointRefused, InvalidRequest

_REPAINT = ("mask", "image", "noise")


def capture(run: Run, family: Family, model: ModelIdentity, stopwatch: Stopwatch) -> Checkpoint:
    """Write down a run between two steps; later steps do not change what was captured."""
    tensors = {"latents": run.latents, "generator": run.generator.get_state()}
    if run.repaint is not None:
        tensors |= {f"repaint.{name}": getattr(run.repaint, name) for name in _REPAINT}
    if run.channels is not None:
        tensors["channels"] = run.channels
    described = scheduler_state.capture(run.scheduler, tensors)
    header = CheckpointHeader(
        format=FORMAT,
        engine=metadata.version("ekiben"),
        diffusers=diffusers.__version__,
        model=model,
        family=family.name,
        request=run.request,
        has_source=run.has_source,
        step=run.step,
        scheduler=described,
        encode_s=stopwatch.encode_s,
        denoise_s=stopwatch.denoise_s,
        evaluations=stopwatch.evaluations,
        rows=stopwatch.rows,
    )
    return Checkpoint(header, {name: tensor.clone() for name, tensor in tensors.items()})


def resume(checkpoint: Checkpoint, family: Family, conditions: tuple[Conditions, ...]) -> Run:
    """Go on where a checkpoint was captured; `Checkpoint.check_model` comes first.

    Raises:
        CheckpointRefused: Its tensors are not of this model, or its state is impossible.
    """
    header, tensors = checkpoint.header, checkpoint.tensors
    request = header.request
    try:
        scheduler = make_scheduler(family.scheduler, request.scheduler)
        timesteps = schedule(family, scheduler, request, has_source=header.has_source)
    except InvalidRequest as error:
        raise CheckpointRefused(error.message, param="checkpoint") from error
    if header.step >= len(timesteps):
        raise CheckpointRefused(f"Step {header.step} of {len(timesteps)} leaves nothing to do.", param="checkpoint")
    latents = _latents("latents", tensors, family, checkpoint)
    _check_scheduler_tensors(tensors, latents)
    moved = {name: tensor.to(family.device) for name, tensor in tensors.items() if name.startswith("scheduler.")}
    scheduler_state.restore(scheduler, header.scheduler, moved)
    return Run(
        request=request,
        scheduler=scheduler,
        generator=resumed(tensors.get("generator", torch.empty(0))),
        timesteps=timesteps,
        conditions=conditions,
        latents=latents,
        has_source=header.has_source,
        repaint=_repaint(tensors, family, checkpoint),
        channels=_channels(tensors, family, request.width, request.height),
        step=header.step,
    )


def _latents(name: str, tensors: Mapping[str, Tensor], family: Family, checkpoint: Checkpoint) -> Tensor:
    """One tensor of the shape and type that latents of this request have."""
    request = checkpoint.header.request
    shape = torch.Size(family.latents.shape(request.width, request.height))
    expected = family.pack(torch.empty(shape, dtype=family.dtype, device="meta"))
    tensor = tensors.get(name)
    if tensor is None or tensor.shape != expected.shape or tensor.dtype != expected.dtype:
        found = "missing" if tensor is None else f"{tuple(tensor.shape)} of {tensor.dtype}"
        raise CheckpointRefused(
            f"{name} must be {tuple(expected.shape)} of {expected.dtype}; it is {found}.", param="checkpoint"
        )
    return tensor.to(family.device)


def _repaint(tensors: Mapping[str, Tensor], family: Family, checkpoint: Checkpoint) -> Repaint | None:
    if not any(name.startswith("repaint.") for name in tensors):
        return None
    return Repaint(*(_latents(f"repaint.{name}", tensors, family, checkpoint) for name in _REPAINT))


def _channels(tensors: Mapping[str, Tensor], family: Family, width: int, height: int) -> Tensor | None:
    if not family.takes_mask_as_input():
        return None
    one, channels, rows, columns = family.latents.shape(width, height)
    found = tensors.get("channels")
    if found is None or found.shape != (one, 1 + channels, rows, columns) or found.dtype != family.dtype:
        raise CheckpointRefused("The mask channels are missing or of another size.", param="checkpoint")
    return found.to(family.device)


def _check_scheduler_tensors(tensors: Mapping[str, Tensor], latents: Tensor) -> None:
    """A scheduler remembers latents, predictions and timesteps, and nothing of another size."""
    for name, tensor in tensors.items():
        if name.startswith("scheduler.") and tensor.numel() != 1 and tensor.shape != latents.shape:
            raise CheckpointRefused(f"{name} has the shape {tuple(tensor.shape)}.", param="checkpoint")
