"""What each scheduler changes while it steps: the part of it that a checkpoint has to hold.

diffusers has no interface for this, so the fields are listed here, for the version that pyproject.toml pins. A test
compares `vars()` of every scheduler before and after steps, and fails for a field that is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ekiben.diffusion.schedulers import Scheduler, SchedulerName, name_of
from ekiben.errors import CheckpointRefused

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

CHANGED_BY_STEPS: Mapping[SchedulerName, tuple[str, ...]] = {
    SchedulerName.PNDM: ("counter", "cur_model_output", "cur_sample", "ets"),
    SchedulerName.DDIM: (),
    SchedulerName.EULER: ("_step_index", "is_scale_input_called"),
    SchedulerName.EULER_ANCESTRAL: ("_step_index", "is_scale_input_called"),
    SchedulerName.DPMPP_2M: ("_step_index", "lower_order_nums", "model_outputs"),
    SchedulerName.UNIPC: (
        "_step_index",
        "last_sample",
        "lower_order_nums",
        "model_outputs",
        "this_order",
        "timestep_list",
    ),
    SchedulerName.LCM: ("_step_index", "sigma_data"),
    SchedulerName.FLOW_MATCH_EULER: ("_step_index",),
}

_MAX_ITEMS = 16  # of a list: the longest, PNDM's, has four
_MAX_INTEGER = 10_000


def capture(scheduler: Scheduler, tensors: dict[str, Tensor]) -> dict[str, Json]:
    """Describe the changed fields as JSON; tensors go into `tensors` under `scheduler.<field>[.<index>]`."""
    fields = CHANGED_BY_STEPS[name_of(scheduler)]
    held = {field: getattr(scheduler, field) for field in fields if hasattr(scheduler, field)}
    return {field: _describe(value, f"scheduler.{field}", tensors) for field, value in held.items()}


def restore(scheduler: Scheduler, described: Mapping[str, Json], tensors: Mapping[str, Tensor]) -> None:
    """Give a fresh scheduler, its timesteps set, the fields that `capture` described.

    Raises:
        CheckpointRefused: Fields that this scheduler does not change, or values that it never has.
    """
    unknown = set(described) - set(CHANGED_BY_STEPS[name_of(scheduler)])
    if unknown:
        raise CheckpointRefused(f"{type(scheduler).__name__} has no field {min(unknown)!r}.", param="checkpoint")
    for field, value in described.items():
        setattr(scheduler, field, _value(value, tensors))


def _describe(value: Any, name: str, tensors: dict[str, Tensor]) -> Json:
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, list):
        return [_describe(item, f"{name}.{index}", tensors) for index, item in enumerate(value)]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"{name} is a {type(value).__name__}, which a checkpoint cannot hold")


def _value(described: Json, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(described, dict):
        name = described.get("tensor")
        if set(described) == {"tensor"} and isinstance(name, str) and name in tensors:
            return tensors[name]
    elif isinstance(described, list):
        if len(described) <= _MAX_ITEMS and not any(isinstance(item, list) for item in described):
            return [_value(item, tensors) for item in described]
    elif not isinstance(described, str) and (described is None or abs(described) <= _MAX_INTEGER):
        return described
    raise CheckpointRefused("The scheduler's state holds a value that no scheduler has.", param="checkpoint")
