"""The loop of a training run: draw, differentiate, step, average; written down every few minutes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from training.emoji.gradients import PartialGradients
from training.emoji.plan import Plan
from training.emoji.state import Run, read_run, write_run

_WRITE_EVERY_S = 300
_REPORT_EVERY = 10


class Task(Protocol):
    """What a run learns."""

    def draw(self) -> Sequence[Tensor]:
        """The next batch: tensors [n, …] on the CPU."""

    def loss(self, part: Sequence[Tensor]) -> Tensor:
        """Of a part of a batch: the sum over its rows, divided by the rows of the whole batch."""


def train(run: Run, plan: Plan, task: Task, folder: Path) -> bool:
    """Train as planned, going on from what a folder holds.

    What comes before the rate falls is kept by itself, so that a longer training can go on from there.

    Args:
        run: At its beginning.
        plan: What is planned.
        task: What is learnt.
        folder: Has the folder `steady`, and one for each number of updates that a training ended with.

    Returns:
        Whether it came to the end; False after a signal.
    """
    steady, ended = folder / "steady", folder / f"until-{plan.updates}"
    if not read_run(run, ended):
        read_run(run, steady)
        if not run_updates(run, plan, task, until=plan.updates - plan.decay, folder=steady):
            return False
    return run_updates(run, plan, task, until=plan.updates, folder=ended)


def run_updates(run: Run, plan: Plan, task: Task, *, until: int, folder: Path) -> bool:
    """Train until an update or a signal to end; the run is written to a folder, then and every few minutes.

    Args:
        run: At its beginning or read from a folder.
        plan: For the rates.
        task: What is learnt.
        until: The number of updates, counted from the run's beginning.
        folder: Where to write the run.

    Returns:
        Whether it came to the end.
    """
    parameters: list[Tensor] = [parameter for _, parameter in run.trained()]
    averages = [run.averages[name] for name, _ in run.trained()]
    device = parameters[0].device
    gradients = PartialGradients(task.loss, parameters, threads=_threads(device))
    ending = _note_signals()
    written, recent = time.monotonic(), list[float]()
    with tqdm(total=until, initial=run.update, mininterval=10, smoothing=0.02) as bar:
        while run.update < until and not ending:
            recent.append(gradients([tensor.to(device) for tensor in task.draw()]))
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            run.optimizer.param_groups[0]["lr"] = plan.rate_at(run.update)
            run.optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, parameters, 1 - plan.averaging_at(run.update))
            run.update += 1
            bar.update()
            if run.update % _REPORT_EVERY == 0:
                run.losses.append((run.update, sum(recent) / len(recent)))
                bar.set_postfix(loss=f"{run.losses[-1][1]:.4f}", refresh=False)
                recent.clear()
            if time.monotonic() - written > _WRITE_EVERY_S:
                write_run(run, folder)
                written = time.monotonic()
    write_run(run, folder)
    return run.update >= until


def _threads(device: torch.device) -> int:
    if device.type != "cpu":
        return 1
    return min(2, len(os.sched_getaffinity(0)))


def _note_signals() -> list[int]:
    """A list that is empty until the process is asked to end."""
    noted: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: noted.append(got))
    return noted
