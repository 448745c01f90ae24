from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from ekiben.diffusion.scheduler_state import CHANGED_BY_STEPS, Json, capture, restore
from ekiben.diffusion.schedulers import SchedulerName, make_scheduler, scheduler_class
from ekiben.errors import CheckpointRefused

_STEPS = 6
_SHAPE = (1, 4, 4, 4)


def _fresh(name: SchedulerName) -> Any:
    template = scheduler_class(name)()
    scheduler = make_scheduler(template, None)
    scheduler.set_timesteps(_STEPS)
    return scheduler


def _step(scheduler: Any, index: int, latents: torch.Tensor) -> torch.Tensor:
    timestep = scheduler.timesteps[index]
    if hasattr(scheduler, "scale_model_input"):
        scheduler.scale_model_input(latents, timestep)
    prediction = torch.randn(_SHAPE, generator=torch.Generator().manual_seed(index))
    stepped: torch.Tensor = scheduler.step(prediction, timestep, latents).prev_sample
    return stepped


def _copy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.shape == other.shape and bool((one == other).all())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and bool(np.all(one == other))


@pytest.mark.parametrize("name", SchedulerName)
def test_the_table_names_every_field_that_steps_change(name: SchedulerName) -> None:
    """A field that a new version of diffusers changes, and the table lacks, fails here."""
    torch.manual_seed(0)  # steps without a generator, in this test alone
    scheduler = _fresh(name)
    before = {field: _copy(value) for field, value in vars(scheduler).items()}
    changed: set[str] = set()
    latents = torch.randn(_SHAPE)
    for index in range(len(scheduler.timesteps)):
        latents = _step(scheduler, index, latents)
        after = vars(scheduler)
        changed |= {field for field in after if field not in before or not _equal(before[field], after[field])}
    assert sorted(changed) == sorted(CHANGED_BY_STEPS[name])


@pytest.mark.parametrize("name", SchedulerName)
def test_a_restored_scheduler_is_as_the_captured_one_was(name: SchedulerName) -> None:
    original = _fresh(name)
    latents = torch.randn(_SHAPE, generator=torch.Generator().manual_seed(0))
    for index in range(3):
        latents = _step(original, index, latents)
    tensors: dict[str, torch.Tensor] = {}
    described = json.loads(json.dumps(capture(original, tensors)))
    restored = _fresh(name)
    restore(restored, described, tensors)
    assert all(_equal(value, vars(restored).get(field)) for field, value in vars(original).items() if field[0] != "_")
    assert all(getattr(original, field) is None or hasattr(restored, field) for field in CHANGED_BY_STEPS[name])


def test_every_scheduler_is_in_the_table() -> None:
    assert set(CHANGED_BY_STEPS) == set(SchedulerName)


_HOSTILE: list[dict[str, Json]] = [
    {"config": 1},
    {"__class__": 1},
    {"_step_index": 10**9},
    {"_step_index": "3"},
    {"_step_index": {"tensor": "missing"}},
    {"_step_index": {"tensor": ["x"]}},
    {"_step_index": {"code": "x"}},
    {"_step_index": [[1]]},
    {"_step_index": [1] * 17},
]


@pytest.mark.parametrize("described", _HOSTILE)
def test_fields_and_values_that_no_scheduler_has_are_refused(described: dict[str, Json]) -> None:
    with pytest.raises(CheckpointRefused) as refusal:
        restore(_fresh(SchedulerName.EULER), described, {})
    assert refusal.value.param == "checkpoint"


def test_what_a_checkpoint_cannot_hold_is_told_by_name() -> None:
    scheduler = _fresh(SchedulerName.EULER)
    scheduler._step_index = object()
    with pytest.raises(TypeError, match=r"scheduler\._step_index"):
        capture(scheduler, {})
