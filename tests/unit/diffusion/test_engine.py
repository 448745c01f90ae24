"""Company and leaving: what one picture means to its neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ekiben.diffusion.families import family_of
from ekiben.diffusion.family import Conditions
from ekiben.diffusion.generation import CheckpointTaken, Event, Preview, Progress, Wishes
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.preview import LatentPreview
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import (
    ShuttingDown,
)
from tests.unit.diffusion.making import (
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
from tests.unit.diffusion.watching import ROW, Counts, MovedClock, WatchedFamily, measured_engine, watched_engine


def test_rows_of_different_requests_share_each_forward() -> None:
    family = WatchedFamily()
    running = watched_engine(family)
    running.submit(request(steps=2, guidance_scale=5.0, scheduler=SchedulerName.EULER))
    running.submit(request(steps=3, guidance_scale=0.0, scheduler=SchedulerName.DDIM))
    finish(running)
    assert family.rows == [3, 3, 1]


def test_pictures_that_finish_together_are_decoded_together() -> None:
    counts = Counts()
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
    family = WatchedFamily()
    running = watched_engine(family)
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
    counts = Counts()
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


def test_a_rare_size_is_not_starved() -> None:
    """However many others there are, and keep coming, it takes a step in every round."""
    running = watched_engine(WatchedFamily(), limits=EngineLimits(max_cost=4 * ROW, max_open=64))
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
    running = watched_engine(WatchedFamily(), limits=EngineLimits(max_cost=1, max_open=64))
    usual = running.submit(request())
    urgent = running.submit(request(seed=1), wishes=Wishes(priority=1))
    while not urgent.future.done():
        running.step()
    assert not usual.future.done()
    finish(running)
    assert usual.future.done()


def test_few_steps_pass_many_that_came_a_little_earlier_and_no_more_than_that() -> None:
    clock = MovedClock()
    running = measured_engine(clock, max_cost=1)
    long = running.submit(request(steps=30))
    short = running.submit(request(seed=1, steps=4))
    clock.now += 3 * 30  # by now what the long one may wait is over
    later = running.submit(request(seed=2, steps=4))
    order = []
    while not (long.future.done() and later.future.done()):
        running.step()
        order += [one for one in (long, short, later) if one.future.done() and one not in order]
    assert order == [short, long, later]


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


def test_a_prompt_is_encoded_once() -> None:
    family = WatchedFamily()
    encoded: list[str] = []
    encode = family._family.encode

    def listed(text: str) -> Conditions:
        encoded.append(text)
        return encode(text)

    family._family.encode = listed  # type: ignore[method-assign]
    made(watched_engine(family), [request(seed=1), request(seed=2), request(prompt="other")])
    assert encoded == ["", "a b c", "other"]


def test_checkpoints_come_by_the_time_that_would_be_lost_too() -> None:
    events: list[Event] = []
    running = measured_engine(MovedClock())
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
