from __future__ import annotations

import dataclasses
import signal
from pathlib import Path

import pytest
import torch

from training.emoji.denoiser import DENOISER_PLAN, start_denoiser
from training.emoji.loop import run_updates, train
from training.emoji.network import make_scheduler
from training.emoji.prepared import Prepared
from training.emoji.state import Run, read_run

PLAN = dataclasses.replace(DENOISER_PLAN, updates=6, decay=2, warm_up=2, batch=4)
CPU = torch.device("cpu")


def _weights(run: Run) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in run.trained()}


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> object:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_run_that_was_interrupted_goes_on_as_if_it_had_not_been(prepared: Prepared, tmp_path: Path) -> None:
    whole, task = start_denoiser(prepared, PLAN, CPU)
    assert train(whole, PLAN, task, tmp_path / "whole")

    first, task = start_denoiser(prepared, PLAN, CPU)
    assert run_updates(first, PLAN, task, until=3, folder=tmp_path / "parts" / "steady")
    second, task = start_denoiser(prepared, PLAN, CPU)
    assert train(second, PLAN, task, tmp_path / "parts")

    assert second.update == whole.update == 6
    for name, tensor in _weights(whole).items():
        torch.testing.assert_close(_weights(second)[name], tensor, msg=name)
        torch.testing.assert_close(second.averages[name], whole.averages[name], msg=name)


def test_a_longer_training_goes_on_from_before_the_rate_fell(prepared: Prepared, tmp_path: Path) -> None:
    run, task = start_denoiser(prepared, PLAN, CPU)
    train(run, PLAN, task, tmp_path)
    longer = dataclasses.replace(PLAN, updates=7)
    again, task = start_denoiser(prepared, longer, CPU)
    assert read_run(again, tmp_path / "steady")
    assert again.update == 4
    assert train(again, longer, task, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"steady", "until-6", "until-7"}


def test_a_signal_ends_it_with_everything_written(prepared: Prepared, tmp_path: Path) -> None:
    run, task = start_denoiser(prepared, PLAN, CPU)
    draw = task.draw

    def draw_and_be_told_to_end() -> object:
        if run.update == 2:
            signal.raise_signal(signal.SIGTERM)
        return draw()

    task.draw = draw_and_be_told_to_end  # type: ignore[method-assign, assignment]
    assert not train(run, PLAN, task, tmp_path)
    again, _ = start_denoiser(prepared, PLAN, CPU)
    assert read_run(again, tmp_path / "steady")
    assert again.update == 3


def test_the_schedule_ends_in_noise_alone() -> None:
    kept = make_scheduler().alphas_cumprod
    assert kept[-1].sqrt() < 0.01
    assert (kept.diff() < 0).all()
