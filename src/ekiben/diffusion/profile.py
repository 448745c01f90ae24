"""How much a forward may hold before more rows stop paying: measured, not guessed."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from ekiben.diffusion.family import Family
from ekiben.diffusion.memory import give_back, is_out_of_memory
from ekiben.diffusion.noise import seeded
from ekiben.diffusion.request import ImageRequest
from ekiben.diffusion.run import Run, predict
from ekiben.diffusion.schedulers import make_scheduler
from ekiben.diffusion.start import begin, schedule

_REPEATS = 3


@torch.inference_mode()
def profiled_cap(
    family: Family,
    request: ImageRequest,
    *,
    max_rows: int = 64,
    worthwhile: float = 1.05,
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """Measure a cap for `EngineLimits.max_cost`: rows are doubled while that makes them faster.

    Every caller waits for the whole forward, so rows that bring no throughput only bring latency. Run it on the
    device's thread while nothing else does.

    Args:
        family: The model.
        request: One of the size that matters most.
        max_rows: Most to try.
        worthwhile: Gain in rows per second that a doubling must bring.
        clock: Seconds.

    Returns:
        Denoiser rows × pixels; at least one request's.
    """
    run = _begun(family, request)
    rows, count, fastest = len(run.conditions), 1, 0.0
    while count * rows <= max_rows:
        try:
            seconds = min(_forward(family, run, count, clock) for _ in range(_REPEATS))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            give_back(family.device)
            break
        speed = count / seconds
        if speed < worthwhile * fastest:
            break
        fastest, count = speed, count * 2
    return max(1, count // 2) * rows * request.pixels


def _begun(family: Family, request: ImageRequest) -> Run:
    scheduler = make_scheduler(family.scheduler, request.scheduler)
    timesteps = schedule(family, scheduler, request, has_source=False)
    generator = seeded(request.seed)
    latents = begin(family, scheduler, timesteps, request, None, generator).latents
    conditions = family.conditions(request, family.encode)
    return Run(request, scheduler, generator, timesteps, conditions, latents)


def _forward(family: Family, run: Run, count: int, clock: Callable[[], float]) -> float:
    run.forget()
    started = clock()
    predictions = predict(family, [run] * count)
    predictions[0].flatten()[0].item()  # waits for the device
    return clock() - started
