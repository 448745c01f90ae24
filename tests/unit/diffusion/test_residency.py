from __future__ import annotations

import pytest

from ekiben.diffusion.engine import Engine
from ekiben.diffusion.generation import Generation, Wishes
from ekiben.diffusion.residency import Loadable, Residency
from ekiben.errors import DeadlineExceeded, InvalidRequest, ModelNotFound, QueueFull, Unavailable
from tests.unit.diffusion.making import engine, image, made, psnr, request
from tests.unit.diffusion.watching import MovedClock

_PATIENCE_S = 10.0


class _Loads:
    """Three models of which two fit; remembers what was loaded."""

    def __init__(self, *, room: int = 2) -> None:
        self.clock, self.order = MovedClock(), list[str]()
        models = {name: Loadable(1, lambda name=name: self._load(name)) for name in ("sd", "sdxl", "sd3", "broken")}  # type: ignore[misc]
        self.residency = Residency(models, max_bytes=room, max_waiting=4, patience_s=_PATIENCE_S, clock=self.clock)

    def _load(self, name: str) -> Engine:
        self.order.append(name)
        return engine(name, clock=self.clock)  # `broken` is none of the pipelines

    def submit(self, name: str, steps: int = 2) -> Generation:
        return self.residency.submit(name, request(steps=steps))

    def finish(self) -> None:
        while self.residency.step():
            pass


def test_a_model_is_loaded_once_and_makes_its_own_pictures() -> None:
    loads = _Loads()
    generations = [loads.submit(name) for name in ("sd", "sdxl", "sd", "sdxl")]
    loads.finish()
    generations += [loads.submit(name) for name in ("sd", "sdxl")]
    loads.finish()
    assert loads.order == ["sd", "sdxl"]
    for generation, name in zip(generations, ["sd", "sdxl"] * 3, strict=True):
        assert psnr(image(generation).pixels, made(engine(name), [request(steps=2)])[0].pixels) >= 50


def test_the_least_recently_used_makes_room() -> None:
    loads = _Loads()
    for name in ("sd", "sdxl", "sd", "sd3"):
        loads.submit(name)
        loads.finish()
    assert loads.residency.loaded == ("sd", "sd3")


def test_loaded_models_go_first_while_others_are_patient() -> None:
    loads = _Loads(room=1)
    first = loads.submit("sd", steps=20)
    loads.residency.step()
    other, later = loads.submit("sdxl"), loads.submit("sd", steps=20)
    while not later.future.done():
        loads.residency.step()
    assert first.future.done()
    assert loads.order == ["sd"]
    loads.finish()
    assert image(other).pixels.any()


def test_a_model_that_is_asked_for_all_the_time_makes_room_after_a_while() -> None:
    loads = _Loads(room=1)
    loads.submit("sd", steps=5)
    loads.residency.step()
    starving = loads.submit("sdxl")
    loads.clock.now += _PATIENCE_S
    steps = 0
    while not starving.future.done():
        if steps % 6 == 0 and steps < 18:
            loads.submit("sd", steps=5)
        loads.residency.step()
        steps += 1
    loads.finish()
    assert loads.order == ["sd", "sdxl", "sd"]


def test_a_leaving_model_stays_if_nobody_waits_for_its_room_any_more() -> None:
    loads = _Loads(room=1)
    loads.submit("sd", steps=20)
    loads.residency.step()
    starving = loads.submit("sdxl")
    loads.clock.now += _PATIENCE_S
    loads.residency.step()
    kept = loads.submit("sd")
    starving.cancel()
    loads.finish()
    assert loads.order == ["sd"]
    assert image(kept).pixels.any()


def test_a_model_that_cannot_be_loaded_fails_those_who_asked_for_it_alone() -> None:
    loads = _Loads()
    bad, good = loads.submit("broken"), loads.submit("sd")
    loads.finish()
    assert isinstance(bad.future.exception(), Unavailable)
    assert image(good).pixels.any()


def test_what_the_engine_refuses_ends_the_generation() -> None:
    loads = _Loads()
    refused = loads.residency.submit("sd", request(width=33))
    loads.finish()
    assert isinstance(refused.future.exception(), InvalidRequest)
    with pytest.raises(InvalidRequest):
        loads.residency.submit("sd", request(width=33))


def test_waiting_is_bounded_and_ends_at_the_deadline() -> None:
    loads = _Loads()
    late = loads.residency.submit("sd", request(), wishes=Wishes(deadline=loads.clock.now + 1))
    for _ in range(3):
        loads.submit("sd")
    with pytest.raises(QueueFull):
        loads.submit("sd")
    loads.clock.now += 1
    loads.finish()
    assert isinstance(late.future.exception(), DeadlineExceeded)


def test_closing_ends_everything() -> None:
    loads = _Loads(room=1)
    generations = [loads.submit("sd"), loads.submit("sdxl")]
    loads.residency.step()
    loads.residency.close(Unavailable("gone"))
    assert all(isinstance(generation.future.exception(0), Unavailable) for generation in generations)
    assert not loads.residency.has_work


def test_unknown_and_oversized_models() -> None:
    with pytest.raises(ModelNotFound):
        _Loads().submit("other")
    with pytest.raises(ValueError, match="does not fit"):
        _Loads(room=0)
