"""Training the denoiser and its text encoder together."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from training.emoji.batches import Batches
from training.emoji.gradients import PartialGradients
from training.emoji.network import make_denoiser, make_scheduler
from training.emoji.plan import Plan
from training.emoji.prepared import Prepared
from training.emoji.state import Run, read_run, write_run
from training.emoji.text_encoder import Blur, make_text_encoder
from training.emoji.tokenizer import BEGIN, END, read_tokenizer

_WRITE_EVERY_S = 300
_REPORT_EVERY = 50
_LATE = 500


def start_run(prepared: Prepared, plan: Plan, device: torch.device) -> Run:
    """An untrained run."""
    torch.manual_seed(plan.seed)
    tokenizer = read_tokenizer(prepared.tokenizer)
    begin, end = tokenizer.convert_tokens_to_ids([BEGIN, END])
    text_encoder = make_text_encoder(prepared.table, begin, end).to(device)
    unet = make_denoiser().to(device)
    batches = Batches(prepared, tokenizer, coloured=plan.coloured, seed=plan.seed)
    run = Run(unet, text_encoder, {}, torch.optim.SGD([torch.zeros(1)]), batches)
    trained = dict(run.trained())
    run.averages = {name: parameter.detach().clone() for name, parameter in trained.items()}
    run.optimizer = torch.optim.AdamW(
        trained.values(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=plan.weight_decay, fused=True
    )
    return run


def train(run: Run, plan: Plan, folder: Path) -> None:
    """Train until the plan's last update or a signal to end; the run is written to a folder, also now and then.

    Args:
        run: As `start_run` or `read_run` left it.
        plan: Its `updates` count from the run's beginning.
        folder: Where to write the run.
    """
    device = next(run.unet.parameters()).device
    parameters = [parameter for _, parameter in run.trained()]
    averages = [run.averages[name] for name, _ in run.trained()]
    gradients = PartialGradients(_loss(run, plan), parameters, threads=_threads(device))
    ending = _note_signals()
    written, recent = time.monotonic(), list[float]()
    with tqdm(total=plan.updates, initial=run.update, mininterval=10, smoothing=0.02) as bar:
        while run.update < plan.updates and not ending:
            batch = run.batches.draw(plan.batch)
            recent.append(gradients([tensor.to(device) for tensor in batch.tensors()]))
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            run.optimizer.param_groups[0]["lr"] = plan.rate_at(run.update)
            run.optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, parameters, 1 - plan.averaging_at(run.update))  # noqa: SLF001
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


def _loss(run: Run, plan: Plan) -> Any:
    signal_scale, noise_scale = noise_scales(next(run.unet.parameters()).device)
    blur = Blur(run.text_encoder)

    def loss(part: Sequence[Tensor]) -> Tensor:
        latents, noise, steps, tokens, displaced = part
        alpha, sigma = signal_scale[steps].view(-1, 1, 1, 1), noise_scale[steps].view(-1, 1, 1, 1)
        blur.use(displaced)
        with torch.autocast(latents.device.type, torch.bfloat16):
            text = run.text_encoder(tokens).last_hidden_state
            predicted = run.unet(alpha * latents + sigma * noise, steps, encoder_hidden_states=text).sample
        blur.use(None)
        wrong = (predicted.float() - (alpha * noise - sigma * latents)).square().mean((1, 2, 3))
        return (wrong * (1 + plan.late_weight * (steps >= _LATE))).sum() / plan.batch

    return loss


def noise_scales(device: torch.device) -> tuple[Tensor, Tensor]:
    """How much of the picture and of the noise each step has: two of [1000]."""
    kept = make_scheduler().alphas_cumprod.to(device)
    return kept.sqrt(), (1 - kept).sqrt()


def _threads(device: torch.device) -> int:
    if device.type != "cpu":
        return 1
    return 2 if len(os.sched_getaffinity(0)) > 1 else 1


def _note_signals() -> list[int]:
    """A list that is empty until the process is asked to end."""
    noted: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: noted.append(got))
    return noted


__all__ = ["read_run", "start_run", "train"]
