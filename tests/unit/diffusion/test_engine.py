"""Company, leaving, failing, running out of memory, deadlines: what one picture's fate means to its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from torch import Tensor

from ekiben.diffusion.engine import Engine
from ekiben.diffusion.families import family_of
from ekiben.diffusion.family import Conditions
from ekiben.diffusion.generation import CheckpointTaken, Event, Preview, Progress, Wishes
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.preview import LatentPreview
from ekiben.diffusion.request import Adapter, SourceImage
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.diffusion.timing import Timing
from ekiben.errors import (
    DeadlineExceeded,
    DeadlineUnreachable,
    DeviceOutOfMemory,
    Internal,
    InvalidRequest,
    QueueFull,
    ShuttingDown,
    Unavailable,
)
from tests.unit.diffusion.making import (
    IDENTITY,
    LIMITS,
    NEVER_DIFFERENT_DB,
    SIDE,
    company,
    engine,
    finish,
    image,
    made,
    pipeline,
    psnr,
    request,
)

_ROW = SIDE * SIDE


def nothing(*_: object) -> None:
    """Do nothing, whatever it is told."""


class _Clock:
    """A clock that the test moves, and that moves by itself with every forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class _Family:
    """A real family whose forwards can be watched and made to fail."""

    def __init__(self) -> None:
        self._family = family_of(pipeline("sd"))
        self.rows: list[int] = []
        self.before: Callable[[Tensor, Conditions], None] = nothing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._family, name)

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        self.before(sample, conditions)
        self.rows.append(len(sample))
        return self._family.predict(sample, timestep, conditions)


class _Counts:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def opened(self, pictures: int) -> None:
        self.told.append(("opened", pictures))

    def stepped(self, rows: int, cost: int, seconds: float) -> None:  # noqa: ARG002
        self.told.append(("stepped", (rows, cost)))

    def decoded(self, pictures: int, seconds: float) -> None:  # noqa: ARG002
        self.told.append(("decoded", pictures))

    def answered(self, timing: Timing) -> None:
        self.told.append(("answered", timing))

    def ended(self, reason: str) -> None:
        self.told.append(("ended", reason))

    def retried(self, reason: str) -> None:
        self.told.append(("retried", reason))

    def cap_changed(self, cost: int) -> None:
        self.told.append(("cap_changed", cost))

    def all(self, name: str) -> list[Any]:
        return [value for told, value in self.told if told == name]


def _engine(family: Any, **arguments: Any) -> Engine:
    return Engine(family, IDENTITY, **({"limits": LIMITS} | arguments))


def test_rows_of_different_requests_share_each_forward() -> None:
    family = _Family()
    running = _engine(family)
    running.submit(request(steps=2, guidance_scale=5.0, scheduler=SchedulerName.EULER))
    running.submit(request(steps=3, guidance_scale=0.0, scheduler=SchedulerName.DDIM))
    finish(running)
    assert family.rows == [3, 3, 1]


def test_pictures_that_finish_together_are_decoded_together() -> None:
    counts = _Counts()
    made(engine("sd", observer=counts), [request(seed=seed) for seed in range(3)])
    assert counts.all("decoded") == [3]


def test_a_result_states_what_was_used_and_where_the_time_went() -> None:
    (picture,) = made(engine("sd"), [request(seed=0, scheduler=SchedulerName.EULER)])
    assert (picture.request.seed, picture.scheduler, picture.evaluations) == (0, SchedulerName.EULER, 4)
    timing = picture.timing
    assert min(timing.encode_s, timing.denoise_s, timing.decode_s) > 0
    assert timing.queue_s >= 0
    assert timing.rows_per_step == 2.0


def test_the_models_own_scheduler_is_stated_by_name() -> None:
    (picture,) = made(engine("sd"), [request()])
    assert picture.scheduler is SchedulerName.PNDM


def test_the_same_seed_is_the_same_picture_and_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    first, second = (made(engine("sd"), [request(scheduler=SchedulerName.EULER_ANCESTRAL)])[0] for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_cancelled_picture_leaves_before_the_next_step_and_its_neighbours_do_not_change() -> None:
    family = _Family()
    running = _engine(family)
    leaving = running.submit(request(steps=50))
    staying = [running.submit(one) for one in company()]
    running.step()
    rows_with_it = family.rows[-1]
    assert leaving.cancel()
    running.step()
    assert family.rows[-1] == rows_with_it - 2
    finish(running)
    expected = made(engine("sd"), company())
    for generation, alone in zip(staying, expected, strict=True):
        assert psnr(image(generation).pixels, alone.pixels) >= NEVER_DIFFERENT_DB
    assert not running.has_work


def test_cancelled_before_its_turn_it_is_never_begun() -> None:
    counts = _Counts()
    running = engine("sd", observer=counts)
    assert running.submit(request()).cancel()
    assert finish(running) == 0
    assert counts.all("ended") == ["cancelled"]
    assert counts.all("stepped") == []


def test_cancelling_a_finished_picture_changes_nothing() -> None:
    running = engine("sd")
    generation = running.submit(request())
    finish(running)
    assert not generation.cancel()
    assert image(generation).pixels.shape == (SIDE, SIDE, 3)


def _poison(_: Tensor, conditions: Conditions) -> None:
    """Fail every forward that holds the guided row of `bad`, found by its encoding."""
    family = family_of(pipeline("sd"))
    bad = family.encode("bad")["text"]
    if any(torch.equal(row[None], bad) for row in conditions["text"]):
        raise RuntimeError("poisoned")


def test_a_request_that_fails_its_forward_fails_alone() -> None:
    family = _Family()
    family.before = _poison
    counts = _Counts()
    running = _engine(family, observer=counts)
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


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("no memory"), DeviceOutOfMemory("no memory")])
def test_out_of_memory_halves_the_batch_and_nobody_notices(error: Exception) -> None:
    family, counts = _Family(), _Counts()

    def only_four_rows(sample: Tensor, _: Conditions) -> None:
        if len(sample) > 4:
            raise error

    family.before = only_four_rows
    running = _engine(family, observer=counts)
    generations = [running.submit(one) for one in company()]
    finish(running)
    for generation, alone in zip(generations, made(engine("sd"), company()), strict=True):
        assert psnr(image(generation).pixels, alone.pixels) >= NEVER_DIFFERENT_DB
    assert max(family.rows) <= 4
    assert running.cap_cost < LIMITS.max_cost
    assert "out_of_memory" in counts.all("retried")
    assert min(counts.all("cap_changed")) <= 4 * _ROW


def test_the_cap_recovers_when_memory_is_there_again() -> None:
    family = _Family()
    running = _engine(family, limits=EngineLimits(max_cost=16 * _ROW, max_open=64))

    def fail_once(*_: object) -> None:
        family.before = nothing
        raise torch.OutOfMemoryError("no memory")

    family.before = fail_once
    for one in company():
        running.submit(one)
    running.step()
    lowered = running.cap_cost
    finish(running)
    assert lowered < running.cap_cost <= 16 * _ROW


def test_one_picture_that_alone_does_not_fit_hears_of_it() -> None:
    family = _Family()

    def too_large(sample: Tensor, _: Conditions) -> None:
        if sample.shape[-1] > SIDE // 2:
            raise torch.OutOfMemoryError("no memory")

    family.before = too_large
    running = _engine(family)
    large, small = running.submit(request(width=SIDE * 2)), running.submit(request())
    finish(running)
    assert isinstance(large.future.exception(), DeviceOutOfMemory)
    assert image(small).evaluations == 5


def test_no_forward_costs_more_than_the_cap() -> None:
    family = _Family()
    running = _engine(family, limits=EngineLimits(max_cost=4 * _ROW, max_open=64))
    generations = [running.submit(one) for one in company()]
    finish(running)
    assert max(family.rows) <= 4
    assert all(image(generation).pixels.any() for generation in generations)


def test_a_rare_size_is_not_starved() -> None:
    """However many others there are, and keep coming, it takes a step in every round."""
    running = _engine(_Family(), limits=EngineLimits(max_cost=4 * _ROW, max_open=64))
    for seed in range(12):
        running.submit(request(steps=100, seed=seed, guidance_scale=0.0))
    running.step()
    rare = running.submit(request(width=SIDE // 2, guidance_scale=0.0, scheduler=SchedulerName.EULER))
    steps = 0
    while not rare.future.done():
        running.submit(request(steps=100, seed=steps, guidance_scale=0.0))
        running.step()
        steps += 1
    assert steps <= 2 + 4 * 5  # at most as many batches of others as they fill, before each of its four steps


def test_priority_goes_first_where_not_all_fit() -> None:
    running = _engine(_Family(), limits=EngineLimits(max_cost=1, max_open=64))
    usual = running.submit(request())
    urgent = running.submit(request(seed=1), wishes=Wishes(priority=1))
    while not urgent.future.done():
        running.step()
    assert not usual.future.done()
    finish(running)
    assert usual.future.done()


def test_unknown_adapters_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="ink") as refusal:
        engine("sd").submit(request(adapters=(Adapter(name="ink"),)))
    assert refusal.value.param == "adapters"


@pytest.mark.parametrize(
    ("name", "changes", "param"),
    [
        ("sd", {"width": SIDE + 1}, "width"),
        ("sd", {"height": SIDE + 1}, "height"),
        ("flux-dev", {"height": SIDE + 2}, "height"),
        ("flux-dev", {"negative_prompt": "x"}, "negative_prompt"),
        ("sd", {"scheduler": SchedulerName.FLOW_MATCH_EULER}, "scheduler"),
        ("sd3", {"scheduler": SchedulerName.DDIM}, "scheduler"),
        ("lcm", {"steps": 60}, "steps"),
        ("sd-inpainting", {}, "mask"),
    ],
)
def test_what_the_model_cannot_do_is_refused_at_once(name: str, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        engine(name).submit(request(**changes))
    assert refusal.value.param == param


def test_a_strength_that_leaves_no_step_is_refused() -> None:
    source = SourceImage(np.zeros((SIDE, SIDE, 3), np.uint8))
    with pytest.raises(InvalidRequest) as refusal:
        engine("sd").submit(request(strength=0.1), source=source)
    assert refusal.value.param == "strength"


def test_a_full_engine_refuses() -> None:
    running = engine("sd", limits=EngineLimits(max_cost=1, max_open=1))
    running.submit(request())
    with pytest.raises(QueueFull):
        running.submit(request())


def _measured(clock: _Clock) -> Engine:
    """An engine that knows that a forward takes a second."""
    family = _Family()

    def second(*_: object) -> None:
        clock.now += 1.0

    family.before = second
    running = _engine(family, clock=clock)
    made(running, [request(steps=12)])
    return running


def test_a_deadline_that_cannot_be_met_is_refused_before_anything_is_computed() -> None:
    clock = _Clock()
    running = _measured(clock)
    with pytest.raises(DeadlineUnreachable) as refusal:
        running.submit(request(steps=30), wishes=Wishes(deadline=clock.now + 20))
    assert refusal.value.retry_after_s
    generation = running.submit(request(steps=30), wishes=Wishes(deadline=clock.now + 40))
    finish(running)
    assert image(generation).pixels.any()


def test_a_deadline_that_passed_is_refused() -> None:
    clock = _Clock()
    with pytest.raises(DeadlineExceeded):
        _measured(clock).submit(request(), wishes=Wishes(deadline=clock.now))


def test_a_picture_that_is_late_leaves_before_the_next_step() -> None:
    clock = _Clock()
    family = _Family()
    running = _engine(family, clock=clock)
    late = running.submit(request(steps=50), wishes=Wishes(deadline=clock.now + 5))
    other = running.submit(request())
    running.step()
    clock.now += 5
    running.step()
    assert isinstance(late.future.exception(), DeadlineExceeded)
    assert family.rows == [4, 2]
    finish(running)
    assert image(other).pixels.any()


def test_a_listener_hears_of_every_step_with_previews_and_checkpoints_between() -> None:
    events: list[Event] = []
    running = engine("sd", preview=LatentPreview.fitted(family_of(pipeline("sd")).latents))
    wishes = Wishes(listener=events.append, preview_every=2, checkpoint_every=3)
    running.submit(request(steps=6, scheduler=SchedulerName.EULER), wishes=wishes)
    finish(running)
    assert [event.step for event in events if isinstance(event, Progress)] == [1, 2, 3, 4, 5]
    previews = [event for event in events if isinstance(event, Preview)]
    assert [event.step for event in previews] == [2, 4]
    assert previews[0].pixels.shape == (SIDE // 2, SIDE // 2, 3)
    assert [event.step for event in events if isinstance(event, CheckpointTaken)] == [3]


def test_a_listener_that_raises_ends_its_own_picture_alone() -> None:
    def broken(_: Event) -> None:
        raise RuntimeError("gone")

    running = engine("sd")
    bad, good = running.submit(request(), wishes=Wishes(listener=broken)), running.submit(request())
    finish(running)
    assert isinstance(bad.future.exception(), Internal)
    assert image(good).pixels.any()


def test_suspended_every_picture_hands_out_where_it_is() -> None:
    events: list[Event] = []
    running = engine("sd")
    begun = running.submit(request(steps=6), wishes=Wishes(listener=events.append))
    running.step()
    waiting = running.submit(request(), wishes=Wishes(listener=events.append))
    running.suspend()
    assert isinstance(begun.future.exception(), ShuttingDown)
    assert isinstance(waiting.future.exception(), ShuttingDown)
    (taken,) = [event for event in events if isinstance(event, CheckpointTaken)]
    moved = engine("sd")
    continued = moved.submit(request(steps=6), checkpoint=taken.checkpoint)
    finish(moved)
    assert np.array_equal(image(continued).pixels, made(engine("sd"), [request(steps=6)])[0].pixels)
    with pytest.raises(ShuttingDown):
        running.submit(request())


def test_closed_it_takes_nothing_and_ends_what_is_there() -> None:
    running = engine("sd")
    there = running.submit(request())
    running.close(Unavailable("gone"))
    assert isinstance(there.future.exception(), Unavailable)
    with pytest.raises(Unavailable):
        running.submit(request())


def test_draining_it_finishes_what_is_there() -> None:
    running = engine("sd")
    there = running.submit(request())
    running.close(Unavailable("gone"), drain=True)
    with pytest.raises(Unavailable):
        running.submit(request())
    finish(running)
    assert image(there).pixels.any()


def test_a_prompt_is_encoded_once() -> None:
    family = _Family()
    encoded: list[str] = []
    encode = family._family.encode

    def listed(text: str) -> Conditions:
        encoded.append(text)
        return encode(text)

    family._family.encode = listed  # type: ignore[method-assign]
    made(_engine(family), [request(seed=1), request(seed=2), request(prompt="other")])
    assert encoded == ["", "a b c", "other"]


def test_adapters_that_cannot_be_applied_fail_those_who_asked_for_them_alone() -> None:
    family = _Family()
    family._family.adapters = frozenset({"ink"})

    def use(adapters: tuple[Adapter, ...]) -> None:
        if adapters:
            raise RuntimeError("broken")

    family._family.use_adapters = use  # type: ignore[method-assign]
    running = _engine(family)
    bad, good = running.submit(request(adapters=(Adapter(name="ink"),))), running.submit(request())
    finish(running)
    assert isinstance(bad.future.exception(), Internal)
    assert image(good).pixels.any()


def test_a_preview_that_fails_ends_its_own_picture_alone() -> None:
    def no_memory(latents: Tensor) -> Any:
        raise torch.OutOfMemoryError(f"no memory for {latents.shape}")

    running = engine("sd", preview=no_memory)
    bad = running.submit(request(), wishes=Wishes(listener=nothing, preview_every=1))
    good = running.submit(request())
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


def test_checkpoints_come_by_the_time_that_would_be_lost_too() -> None:
    events: list[Event] = []
    running = _measured(_Clock())
    running.submit(request(steps=7), wishes=Wishes(listener=events.append, checkpoint_every_s=2.5))
    finish(running)
    assert [event.step for event in events if isinstance(event, CheckpointTaken)] == [3, 6]


def test_one_picture_is_suspended_and_its_neighbours_go_on() -> None:
    events: list[Event] = []
    running = engine("sd")
    leaving = running.submit(request(steps=6), wishes=Wishes(listener=events.append))
    staying = running.submit(request(steps=6, seed=8))
    waiting = running.submit(request(steps=6, seed=9), wishes=Wishes(listener=events.append, priority=-5))
    running.step()
    running.step()
    leaving.suspend()
    running.step()
    assert isinstance(leaving.future.exception(timeout=0), ShuttingDown)
    (taken,) = [event for event in events if isinstance(event, CheckpointTaken)]
    assert taken.step == 2
    finish(running)
    assert image(staying).pixels.any()
    assert image(waiting).pixels.any()
