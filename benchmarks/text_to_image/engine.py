"""The engine without a server: what it computes, and what it takes beside computing."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.text_to_image.random_pipelines import Subject
from benchmarks.text_to_image.workload import Ask
from ekiben.diffusion import Engine, EngineLimits, Generation, ImageRequest, LatentPreview, ModelIdentity, Wishes
from ekiben.diffusion.family import Conditions, Family
from ekiben.diffusion.request import Pixels

_IDENTITY = ModelIdentity(name="benchmark", version="1.0.0")


class Pace(NamedTuple):
    """Pictures per second, and what one step took: all of it, and beside denoiser and autoencoder."""

    per_second: float
    step_ms: float
    overhead_share: float


@dataclass(slots=True)
class Clocked:
    """A family that says how long denoiser and autoencoder took."""

    family: Any
    synchronise: Callable[[], None]
    seconds: float = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.family, name)

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """See `Family`."""
        return self.clocked(lambda: self.family.predict(sample, timestep, conditions))  # type: ignore[no-any-return]

    def encode(self, text: str) -> Conditions:
        """See `Family`."""
        return self.clocked(lambda: self.family.encode(text))  # type: ignore[no-any-return]

    def clocked(self, compute: Callable[[], Any]) -> Any:
        """Add the time of something that the device computes."""
        started = time.perf_counter()
        result = compute()
        self.synchronise()
        self.seconds += time.perf_counter() - started
        return result


def engine_of(family: Family | Clocked, rows: int, side: int, *, previews: bool = False) -> Engine:
    """An engine whose forwards hold so many rows."""
    limits = EngineLimits(max_cost=rows * side**2, max_open=1_024)
    preview = LatentPreview.fitted(family.latents) if previews else None
    return Engine(family, _IDENTITY, limits, preview=preview)


def requests_of(wanted: Iterable[Ask]) -> list[ImageRequest]:
    """What the asks mean to the engine."""
    return [
        ImageRequest(
            prompt=ask.prompt,
            width=ask.side,
            height=ask.side,
            steps=ask.steps,
            guidance_scale=ask.guidance_scale,
            seed=ask.seed,
        )
        for ask in wanted
    ]


def run(
    engine: Engine, wanted: Sequence[ImageRequest], callers: int, wishes: Wishes | None = None
) -> tuple[float, int]:
    """Draw all of them, so many at a time; returns seconds and steps."""
    waiting = deque(wanted)
    drawing: list[Generation] = []
    steps, started = 0, time.perf_counter()
    while waiting or drawing:
        while waiting and len(drawing) < callers:
            drawing.append(engine.submit(waiting.popleft(), wishes=wishes))
        engine.step()
        steps += 1
        for done in [one for one in drawing if one.future.done()]:
            done.result(timeout_s=0)
            drawing.remove(done)
    return time.perf_counter() - started, steps


def paced(family: Family, rows: int, side: int, wanted: Sequence[ImageRequest], callers: int) -> Pace:
    """Draw, and book what is neither denoiser, autoencoder nor text encoder as overhead."""
    clocked = Clocked(family, waiter(family))
    decode = family.latents.decode
    clocked.family.latents.decode = lambda latents: clocked.clocked(lambda: decode(latents))
    try:
        engine = engine_of(clocked, rows, side)
        run(engine, wanted[:2], callers)
        clocked.seconds = 0.0
        seconds, steps = run(engine, wanted, callers)
    finally:
        clocked.family.latents.decode = decode
    return Pace(len(wanted) / seconds, seconds / steps * 1_000, (seconds - clocked.seconds) / seconds)


def speed(
    family: Family, rows: int, side: int, wanted: Sequence[ImageRequest], callers: int, wishes: Wishes | None = None
) -> float:
    """Pictures per second; what is drawn first, to be warm, does not count."""
    engine = engine_of(family, rows, side, previews=wishes is not None)
    run(engine, wanted[:callers], callers)
    return len(wanted) / run(engine, wanted, callers, wishes)[0]


def pictures(engine: Engine, wanted: Sequence[ImageRequest]) -> list[Pixels]:
    """The pictures, in the order of the requests."""
    generations = [engine.submit(request) for request in wanted]
    while engine.step():
        pass
    return [generation.result(timeout_s=0).pixels for generation in generations]


@contextlib.contextmanager
def saved(subject: Subject) -> Iterator[Path]:
    """A folder with the subject's pipeline, as diffusers saves it."""
    with tempfile.TemporaryDirectory(prefix="ekiben-bench-") as folder:
        subject.make().save_pretrained(folder)
        yield Path(folder)


def waiter(family: Family) -> Callable[[], None]:
    """What waits for the family's device."""
    return torch.cuda.synchronize if family.device.type == "cuda" else lambda: None
