"""Running out of memory: smaller batches, and at last a word to whom it concerns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ekiben.diffusion.family import Conditions
from ekiben.diffusion.generation import CheckpointTaken, Event, Progress, Wishes
from ekiben.diffusion.limits import EngineLimits
from ekiben.errors import (
    DeviceOutOfMemory,
    Unavailable,
)
from tests.unit.diffusion.making import (
    LIMITS,
    NEVER_DIFFERENT_DB,
    SIDE,
    company,
    engine,
    finish,
    image,
    made,
    psnr,
    request,
)
from tests.unit.diffusion.watching import ROW, Counts, WatchedFamily, nothing, watched_engine


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("no memory"), DeviceOutOfMemory("no memory")])
def test_out_of_memory_halves_the_batch_and_nobody_notices(error: Exception) -> None:
    family, counts = WatchedFamily(), Counts()

    def only_four_rows(sample: Tensor, _: Conditions) -> None:
        if len(sample) > 4:
            raise error

    family.before = only_four_rows
    running = watched_engine(family, observer=counts)
    generations = [running.submit(one) for one in company()]
    finish(running)
    for generation, alone in zip(generations, made(engine("sd"), company()), strict=True):
        assert psnr(image(generation).pixels, alone.pixels) >= NEVER_DIFFERENT_DB
    assert max(family.rows) <= 4
    assert running.cap_cost < LIMITS.max_cost
    assert "out_of_memory" in counts.all("retried")
    assert min(counts.all("cap_changed")) <= 4 * ROW


def test_the_cap_recovers_when_memory_is_there_again() -> None:
    family = WatchedFamily()
    running = watched_engine(family, limits=EngineLimits(max_cost=16 * ROW, max_open=64))

    def fail_once(*_: object) -> None:
        family.before = nothing
        raise torch.OutOfMemoryError("no memory")

    family.before = fail_once
    for one in company():
        running.submit(one)
    running.step()
    lowered = running.cap_cost
    finish(running)
    assert lowered < running.cap_cost <= 16 * ROW


def test_one_picture_that_alone_does_not_fit_hears_of_it() -> None:
    family = WatchedFamily()

    def too_large(sample: Tensor, _: Conditions) -> None:
        if sample.shape[-1] > SIDE // 2:
            raise torch.OutOfMemoryError("no memory")

    family.before = too_large
    running = watched_engine(family)
    large, small = running.submit(request(width=SIDE * 2)), running.submit(request())
    finish(running)
    assert isinstance(large.future.exception(), DeviceOutOfMemory)
    assert image(small).evaluations == 5


def test_no_forward_costs_more_than_the_cap() -> None:
    family = WatchedFamily()
    running = watched_engine(family, limits=EngineLimits(max_cost=4 * ROW, max_open=64))
    generations = [running.submit(one) for one in company()]
    finish(running)
    assert max(family.rows) <= 4
    assert all(image(generation).pixels.any() for generation in generations)


def _without_memory(*_: object, **__: object) -> Any:
    raise torch.OutOfMemoryError("no memory")


def test_without_memory_for_a_preview_the_picture_goes_on() -> None:
    events: list[Event] = []
    running = engine("sd", preview=_without_memory)
    generation = running.submit(request(), wishes=Wishes(listener=events.append, preview_every=1))
    finish(running)
    assert image(generation).pixels.any()
    assert {type(event) for event in events} == {Progress}


def test_without_memory_for_a_checkpoint_the_next_step_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    running = engine("sd")
    generation = running.submit(request(steps=6), wishes=Wishes(listener=events.append, checkpoint_every=2))
    with monkeypatch.context() as patch:
        patch.setattr("ekiben.diffusion.reporting.capture", _without_memory)
        running.step()
        running.step()
    finish(running)
    assert image(generation).pixels.any()
    assert [event.step for event in events if isinstance(event, CheckpointTaken)] == [3, 5]


def test_without_memory_to_begin_a_picture_waits_until_the_others_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts()
    running = engine("sd", observer=counts)
    first = running.submit(request(seed=1))
    running.step()
    with monkeypatch.context() as patch:
        patch.setattr("ekiben.diffusion.beginning.begin", _without_memory)
        second = running.submit(request(seed=2))
        while not first.future.done():
            running.step()
        assert not second.future.done()
    finish(running)
    assert "out_of_memory" in counts.all("retried")
    assert np.array_equal(image(second).pixels, made(engine("sd"), [request(seed=2)])[0].pixels)


def test_without_memory_to_begin_alone_a_picture_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ekiben.diffusion.beginning.begin", _without_memory)
    running = engine("sd")
    alone = running.submit(request())
    finish(running)
    assert isinstance(alone.future.exception(), DeviceOutOfMemory)


def test_without_memory_within_a_step_a_picture_may_be_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    running = engine("sd")
    bad, good = running.submit(request(seed=1)), running.submit(request(seed=2))
    running.step()
    monkeypatch.setattr(running._pool.open()[0].started.scheduler, "step", _without_memory)
    finish(running)
    error = bad.future.exception()
    assert isinstance(error, Unavailable)
    assert error.retryable
    assert image(good).pixels.any()
