"""The image-quality gate for a card, on a tiny pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.cards.images import Levers, StepCache
from ekiben.diffusion.judging import judge_levers
from ekiben.testing.images import toy_image_card
from tests.unit.diffusion import tiny_pipelines


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    tiny_pipelines.stable_diffusion().save_pretrained(folder, safe_serialization=True)
    return folder


def test_levers_without_loss_pass(files: Path) -> None:
    verdict = judge_levers(toy_image_card(levers=Levers(vae_slicing=True)), files, device="cpu")
    assert verdict.passed
    assert verdict.mean_psnr_db > 60


def test_a_step_cache_that_reuses_everything_does_not(files: Path) -> None:
    levers = Levers(step_cache=StepCache(threshold=1.0, warm_up_steps=1))
    verdict = judge_levers(toy_image_card(levers=levers), files, device="cpu")
    assert verdict.mean_psnr_db < 60
