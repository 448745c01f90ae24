from __future__ import annotations

import logging

import diffusers
import pytest

from ekiben.diffusion.schedulers import SchedulerName, make_scheduler, name_of, scheduler_class
from ekiben.errors import InvalidRequest

_NOISE = [name for name in SchedulerName if name is not SchedulerName.FLOW_MATCH_EULER]


@pytest.mark.parametrize("name", SchedulerName)
def test_a_name_leads_to_a_class_and_back(name: SchedulerName) -> None:
    assert name_of(scheduler_class(name)()) is name


@pytest.mark.parametrize("template", _NOISE)
@pytest.mark.parametrize("name", _NOISE)
def test_any_noise_scheduler_is_made_from_any_other_without_complaint(
    template: SchedulerName, name: SchedulerName, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("diffusers").addHandler(caplog.handler)
    try:
        made = make_scheduler(scheduler_class(template)(beta_start=0.001), name)
    finally:
        logging.getLogger("diffusers").removeHandler(caplog.handler)
    assert name_of(made) is name
    assert made.config.beta_start == 0.001
    assert caplog.records == []


def test_latents_are_not_clipped_unless_the_model_says_so() -> None:
    euler = diffusers.EulerDiscreteScheduler()
    assert make_scheduler(euler, SchedulerName.DDIM).config.clip_sample is False
    clipping = diffusers.DDIMScheduler(clip_sample=True, beta_start=0.001)
    assert make_scheduler(clipping, None).config.clip_sample is True


def test_each_request_has_its_own() -> None:
    template = diffusers.EulerDiscreteScheduler()
    one, other = make_scheduler(template, None), make_scheduler(template, None)
    assert one is not other is not template


@pytest.mark.parametrize("pair", [("ddim", "flow_match_euler"), ("flow_match_euler", "ddim")])
def test_flows_and_noise_are_not_mixed(pair: tuple[str, str]) -> None:
    template, name = map(SchedulerName, pair)
    with pytest.raises(InvalidRequest) as refusal:
        make_scheduler(scheduler_class(template)(), name)
    assert refusal.value.param == "scheduler"


def test_a_scheduler_that_cannot_be_checkpointed_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="HeunDiscreteScheduler"):
        name_of(diffusers.HeunDiscreteScheduler())
