"""Whom the engine does not take, and whom it lets go: limits, deadlines, the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ekiben.diffusion.generation import Wishes
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.request import Adapter, SourceImage
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import (
    DeadlineExceeded,
    DeadlineUnreachable,
    InvalidRequest,
    QueueFull,
    Unavailable,
)
from tests.unit.diffusion.making import (
    SIDE,
    engine,
    finish,
    image,
    request,
)
from tests.unit.diffusion.watching import MovedClock, WatchedFamily, measured_engine, watched_engine


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


def test_a_deadline_that_cannot_be_met_is_refused_before_anything_is_computed() -> None:
    clock = MovedClock()
    running = measured_engine(clock)
    with pytest.raises(DeadlineUnreachable) as refusal:
        running.submit(request(steps=30), wishes=Wishes(deadline=clock.now + 20))
    assert refusal.value.retry_after_s
    generation = running.submit(request(steps=30), wishes=Wishes(deadline=clock.now + 40))
    finish(running)
    assert image(generation).pixels.any()


def test_a_deadline_that_passed_is_refused() -> None:
    clock = MovedClock()
    with pytest.raises(DeadlineExceeded):
        measured_engine(clock).submit(request(), wishes=Wishes(deadline=clock.now))


def test_a_picture_that_is_late_leaves_before_the_next_step() -> None:
    clock = MovedClock()
    family = WatchedFamily()
    running = watched_engine(family, clock=clock)
    late = running.submit(request(steps=50), wishes=Wishes(deadline=clock.now + 5))
    other = running.submit(request())
    running.step()
    clock.now += 5
    running.step()
    assert isinstance(late.future.exception(), DeadlineExceeded)
    assert family.rows == [4, 2]
    finish(running)
    assert image(other).pixels.any()


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
