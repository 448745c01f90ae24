"""Whatever arrives, leaves and fails, every picture ends exactly once."""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import dataclass

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from ekiben.diffusion.engine import Engine
from ekiben.diffusion.family import Conditions
from ekiben.diffusion.generation import GeneratedImage, Generation, Wishes
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import EkibenError
from tests.unit.diffusion.making import IDENTITY, SIDE, request
from tests.unit.diffusion.watching import Counts, WatchedFamily, nothing

_ENDS = (EkibenError, CancelledError)


@dataclass(frozen=True)
class _Arrival:
    """A request, the step before which it comes, and the one before which its caller leaves."""

    at: int
    steps: int
    narrow: bool
    guided: bool
    scheduler: SchedulerName
    leaves_after: int | None


_ARRIVALS = st.lists(
    st.builds(
        _Arrival,
        at=st.integers(0, 6),
        steps=st.integers(1, 5),
        narrow=st.booleans(),
        guided=st.booleans(),
        scheduler=st.sampled_from([SchedulerName.EULER, SchedulerName.DDIM, SchedulerName.UNIPC]),
        leaves_after=st.none() | st.integers(0, 4),
    ),
    max_size=8,
)
_FAILURES = st.dictionaries(st.integers(0, 15), st.sampled_from(["error", "memory", "numbers"]), max_size=5)


def _asked(running: Engine, arrival: _Arrival) -> Generation:
    return running.submit(
        request(
            steps=arrival.steps,
            width=SIDE // 2 if arrival.narrow else SIDE,
            guidance_scale=4.0 if arrival.guided else 0.0,
            scheduler=arrival.scheduler,
        ),
        wishes=Wishes(checkpoint_every=2, listener=nothing),
    )


def _failing(failures: dict[int, str]) -> WatchedFamily:
    """A family whose n-th forward fails as told."""
    family, forward = WatchedFamily(), iter(range(10_000))

    def before(sample: Tensor, _: Conditions) -> None:
        match failures.get(next(forward)):
            case "error":
                raise ValueError("told to")
            case "memory":
                raise torch.OutOfMemoryError("told to")
            case "numbers":
                sample.fill_(float("nan"))

    family.before = before
    return family


@given(arrivals=_ARRIVALS, failures=_FAILURES, max_rows=st.integers(1, 8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_picture_ends_exactly_once(arrivals: list[_Arrival], failures: dict[int, str], max_rows: int) -> None:
    counts = Counts()
    limits = EngineLimits(max_cost=max_rows * SIDE * SIDE, max_open=64)
    running = Engine(_failing(failures), IDENTITY, limits, observer=counts)
    generations: list[tuple[_Arrival, Generation]] = []
    ends: list[Generation] = []
    for step in range(400):
        for arrival in arrivals:
            if arrival.at == step:
                generation = _asked(running, arrival)
                generation.future.add_done_callback(lambda _, ended=generation: ends.append(ended))  # type: ignore[misc]
                generations.append((arrival, generation))
        for arrival, generation in generations:
            if arrival.leaves_after is not None and arrival.at + arrival.leaves_after == step:
                generation.cancel()
        if not running.step() and step > 6:
            break
    assert not running.has_work
    assert len(generations) == len(arrivals)
    assert sorted(map(id, ends)) == sorted(id(generation) for _, generation in generations)
    finished = sum(_is_finished(generation) for _, generation in generations)
    assert len(counts.all("answered")) == finished
    assert len(counts.all("ended")) == len(generations) - finished


def _is_finished(generation: Generation) -> bool:
    try:
        return isinstance(generation.result(timeout_s=0), GeneratedImage)
    except _ENDS:
        return False
