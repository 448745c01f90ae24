"""Training the denoiser and its text encoder together, on latents."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.emoji.batches import Batches
from training.emoji.network import make_denoiser, make_scheduler
from training.emoji.plan import Plan
from training.emoji.prepared import Prepared
from training.emoji.state import Run, start_run
from training.emoji.text_encoder import Blur, make_text_encoder
from training.emoji.tokenizer import BEGIN, END, read_tokenizer

DENOISER_PLAN = Plan(
    seed=1, updates=24_000, decay=3_000, warm_up=300, batch=32, rate=8e-4, weight_decay=0.01, averaging=0.9985
)
_COLOURED = 0.25
"""Share of the pictures shown in another colour, where there is one."""
_LATE, _LATE_WEIGHT = 500, 0.5
"""The noisier half of the schedule, where it is decided what a picture shows, and the extra weight of its loss."""


def start_denoiser(prepared: Prepared, plan: Plan, device: torch.device) -> tuple[Run, Denoising]:
    """An untrained run of the modules `unet` and `text`, and what it is to learn."""
    torch.manual_seed(plan.seed)
    tokenizer = read_tokenizer(prepared.tokenizer)
    begin, end = tokenizer.convert_tokens_to_ids([BEGIN, END])
    text_encoder = make_text_encoder(prepared.table, begin, end).to(device)
    unet = make_denoiser().to(device)
    batches = Batches(prepared, tokenizer, coloured=_COLOURED, seed=plan.seed)
    run = start_run({"unet": unet, "text": text_encoder}, batches, plan)
    return run, Denoising(run, batches, plan.batch)


class Denoising:
    """Learning to predict the velocity, a mixture of noise and picture; see `Task`.

    Args:
        run: As `start_denoiser` made it.
        batches: Where batches come from.
        batch: Rows of a batch.
    """

    def __init__(self, run: Run, batches: Batches, batch: int) -> None:
        self._unet, self._text = run.modules["unet"], run.modules["text"]
        self._blur = Blur(self._text)
        self._batches, self._batch = batches, batch
        kept = make_scheduler().alphas_cumprod.to(next(self._unet.parameters()).device)
        self._picture, self._noise = kept.sqrt(), (1 - kept).sqrt()

    def draw(self) -> Sequence[Tensor]:
        """The tensors of a `Batch`."""
        return self._batches.draw(self._batch).tensors()

    def loss(self, part: Sequence[Tensor]) -> Tensor:
        """The squared error."""
        latents, noise, steps, tokens, displaced = part
        alpha, sigma = self._picture[steps].view(-1, 1, 1, 1), self._noise[steps].view(-1, 1, 1, 1)
        self._blur.use(displaced)
        with torch.autocast(latents.device.type, torch.bfloat16):
            text = self._text(tokens).last_hidden_state
            predicted = self._unet(alpha * latents + sigma * noise, steps, encoder_hidden_states=text).sample
        self._blur.use(None)
        wrong = (predicted.float() - (alpha * noise - sigma * latents)).square().mean((1, 2, 3))
        total: Tensor = (wrong * (1 + _LATE_WEIGHT * (steps >= _LATE))).sum()
        return total / self._batch
