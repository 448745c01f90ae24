from __future__ import annotations

import pytest
import torch

from ekiben.diffusion.families import FAMILIES, family_of
from ekiben.diffusion.families.flow import first_step, shift_of
from ekiben.errors import ConfigurationError
from tests.unit.diffusion.making import PIPELINES, pipeline, request


def test_other_pipelines_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="object is not supported"):
        family_of(object())


def test_every_kind_of_pipeline_is_tested() -> None:
    tested = {type(pipeline(name)).__name__ for name in PIPELINES}
    assert set(FAMILIES) - tested == {"StableDiffusionInpaintPipeline"}  # which only inpaints, and is tested for that


@pytest.mark.parametrize("name", ["flux-dev", "sd3", "sd"])
def test_packing_is_undone_by_unpacking(name: str) -> None:
    family = family_of(pipeline(name))
    latents = torch.randn(family.latents.shape(48, 32), generator=torch.Generator().manual_seed(0))
    assert torch.equal(family.unpack(family.pack(latents), 48, 32), latents)


def test_a_shift_goes_through_both_configured_points() -> None:
    scheduler = pipeline("flux-dev").scheduler
    assert shift_of(scheduler, 256, 1.15) == pytest.approx(0.5)
    assert shift_of(scheduler, 4096, 1.15) == pytest.approx(1.15)


@pytest.mark.parametrize(("steps", "strength", "skipped"), [(10, 1.0, 0), (10, 0.75, 2), (4, 0.5, 2)])
def test_steps_that_strength_leaves_out(steps: int, strength: float, skipped: int) -> None:
    assert first_step(request(steps=steps, strength=strength)) == skipped
