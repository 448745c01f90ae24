"""A picture that fails fails alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from torch import Tensor

from ekiben.diffusion.families import family_of
from ekiben.diffusion.family import Conditions
from ekiben.diffusion.generation import CheckpointTaken, Event, Wishes
from ekiben.diffusion.request import Adapter
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import (
    Internal,
    ShuttingDown,
)
from tests.unit.diffusion.making import (
    NEVER_DIFFERENT_DB,
    company,
    engine,
    finish,
    image,
    made,
    pipeline,
    psnr,
    request,
)
from tests.unit.diffusion.watching import Counts, WatchedFamily, nothing, watched_engine


def _poison(_: Tensor, conditions: Conditions) -> None:
    """Fail every forward that holds the guided row of `bad`, found by its encoding."""
    family = family_of(pipeline("sd"))
    bad = family.encode("bad")["text"]
    if any(torch.equal(row[None], bad) for row in conditions["text"]):
        raise RuntimeError("poisoned")


def test_a_request_that_fails_its_forward_fails_alone() -> None:
    family = WatchedFamily()
    family.before = _poison
    counts = Counts()
    running = watched_engine(family, observer=counts)
    good = [running.submit(one) for one in company()]
    bad = running.submit(request(prompt="bad"))
    finish(running)
    for generation, alone in zip(good, made(engine("sd"), company()), strict=True):
        assert psnr(image(generation).pixels, alone.pixels) >= NEVER_DIFFERENT_DB
    error = bad.future.exception()
    assert isinstance(error, Internal)
    assert isinstance(error.__cause__, RuntimeError)
    assert set(counts.all("retried")) == {"error"}


def test_a_request_whose_scheduler_fails_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    running = engine("sd")
    good = running.submit(request(scheduler=SchedulerName.EULER))
    bad = running.submit(request(scheduler=SchedulerName.DDIM))
    running.step()

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(DDIMScheduler, "step", fail)
    finish(running)
    assert isinstance(bad.future.exception(), Internal)
    assert image(good).evaluations == 4


def test_a_request_whose_numbers_overflow_fails_alone() -> None:
    running = engine("sd")
    good = running.submit(request())
    bad = running.submit(request(guidance_scale=1_000.0))
    running.step()
    entry = running._pool.open()[1]
    entry.started.latents = torch.full_like(entry.started.latents, float("nan"))
    finish(running)
    assert "not finite" in str(bad.future.exception())
    (alone,) = made(engine("sd"), [request()])
    assert psnr(image(good).pixels, alone.pixels) >= NEVER_DIFFERENT_DB


def test_a_decode_that_fails_for_one_does_not_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    running = engine("sd")
    asked = [request(seed=seed, scheduler=SchedulerName.EULER, steps=2, guidance_scale=0.0) for seed in range(3)]
    generations = [running.submit(one) for one in asked]
    running.step()
    entries = running._pool.open()
    decode = running._family.latents.decode

    def fragile(latents: Tensor) -> Any:
        if any(torch.equal(row, entries[1].started.latents[0]) for row in latents):
            raise RuntimeError("cannot be decoded")
        return decode(latents)

    monkeypatch.setattr(running._family.latents, "decode", fragile)
    finish(running)
    outcomes = [type(generation.future.exception()) for generation in generations]
    assert outcomes == [type(None), Internal, type(None)]


def test_a_listener_that_raises_ends_its_own_picture_alone() -> None:
    def broken(_: Event) -> None:
        raise RuntimeError("gone")

    running = engine("sd")
    bad, good = running.submit(request(), wishes=Wishes(listener=broken)), running.submit(request())
    finish(running)
    assert isinstance(bad.future.exception(), Internal)
    assert image(good).pixels.any()


def test_adapters_that_cannot_be_applied_fail_those_who_asked_for_them_alone() -> None:
    family = WatchedFamily()
    family._family.adapters = frozenset({"ink"})

    def use(adapters: tuple[Adapter, ...]) -> None:
        if adapters:
            raise RuntimeError("broken")

    family._family.use_adapters = use  # type: ignore[method-assign]
    running = watched_engine(family)
    bad, good = running.submit(request(adapters=(Adapter(name="ink"),))), running.submit(request())
    finish(running)
    assert isinstance(bad.future.exception(), Internal)
    assert image(good).pixels.any()


def test_suspending_goes_on_past_a_picture_that_cannot_be_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    running = engine("sd")
    bad, good = (running.submit(request(seed=s), wishes=Wishes(listener=events.append)) for s in (0, 1))
    running.step()
    monkeypatch.delattr(running._pool.open()[0].started, "latents")
    running.suspend()
    assert isinstance(bad.future.exception(), Internal)
    assert isinstance(good.future.exception(), ShuttingDown)
    assert len([event for event in events if isinstance(event, CheckpointTaken)]) == 1


def test_a_preview_that_fails_ends_its_own_picture_alone() -> None:
    def broken(latents: Tensor) -> Any:
        raise RuntimeError(f"nothing to see in {latents.shape}")

    running = engine("sd", preview=broken)
    bad = running.submit(request(), wishes=Wishes(listener=nothing, preview_every=1))
    good = running.submit(request())
    finish(running)
    assert isinstance(bad.future.exception(), Internal)
    assert image(good).pixels.any()
