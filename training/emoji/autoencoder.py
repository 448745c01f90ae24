"""Training an AutoencoderKL towards the linear code: its encoder learns the code, its decoder to undo it better.

The linear code's own inverse shows the borders of its patches and loses what twelve numbers cannot say; a network that
sees the neighbours draws over the borders and knows what edges look like. It is trained on pieces of pictures, shifted
by any number of pixels, and on latents that are a little wrong, as the denoiser's are.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional

from training.emoji.dataset import Dataset
from training.emoji.linear_code import CHANNELS, PATCH, LinearCode
from training.emoji.pictures import SIDE
from training.emoji.plan import Plan
from training.emoji.prepared import Prepared
from training.emoji.state import Run, start_run

AUTOENCODER_PLAN = Plan(
    seed=2, updates=1_000, decay=350, warm_up=200, batch=16, rate=1.5e-3, weight_decay=0.0, averaging=0.998
)
_WIDTHS = (24, 48, 64, 96)
_PIECE = 64
_MOST_NOISE = 0.15
_EDGES = 1.0
_LOG_VARIANCE = -14.0
_CODE_WEIGHT = 0.3


def make_autoencoder() -> AutoencoderKL:
    """An untrained autoencoder, of convolutions alone."""
    autoencoder = AutoencoderKL(
        sample_size=SIDE,
        latent_channels=CHANNELS,
        down_block_types=("DownEncoderBlock2D",) * len(_WIDTHS),
        up_block_types=("UpDecoderBlock2D",) * len(_WIDTHS),
        block_out_channels=_WIDTHS,
        layers_per_block=1,
        norm_num_groups=8,
        scaling_factor=1.0,
        use_quant_conv=False,
        use_post_quant_conv=False,
        mid_block_add_attention=False,
        force_upcast=False,
    )
    # The second half of what the encoder says is how unsure it is: hardly, whatever the picture.
    with torch.no_grad():
        autoencoder.encoder.conv_out.weight[CHANNELS:] = 0
        autoencoder.encoder.conv_out.bias[CHANNELS:] = _LOG_VARIANCE
    return autoencoder


class Pieces:
    """Draws pieces of pictures.

    Args:
        dataset: Of whose pictures.
        seed: Of both generators.
    """

    def __init__(self, dataset: Dataset, seed: int) -> None:
        self._pictures = functional.pad(dataset.pictures, (PATCH, PATCH, PATCH, PATCH), value=255)
        self.chance = random.Random(seed)  # noqa: S311 no secret is drawn
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, size: int) -> tuple[Tensor, Tensor]:
        """Pieces [n, 3, 64, 64] from -1 to 1, and noise for their latents [n, 12, 8, 8]."""
        pieces = torch.stack([self._piece() for _ in range(size)]).float() / 127.5 - 1
        side = _PIECE // PATCH
        noise = torch.randn(size, CHANNELS, side, side, generator=self.generator)
        return pieces, noise * torch.rand(size, 1, 1, 1, generator=self.generator) * _MOST_NOISE

    def _piece(self) -> Tensor:
        picture = self._pictures[self.chance.randrange(len(self._pictures))]
        top, left = (self.chance.randrange(picture.shape[-1] - _PIECE + 1) for _ in range(2))
        return picture[:, top : top + _PIECE, left : left + _PIECE]


def start_autoencoder(prepared: Prepared, plan: Plan, device: torch.device) -> tuple[Run, Reconstruction]:
    """An untrained run of the module `vae`, and what it is to learn."""
    torch.manual_seed(plan.seed)
    pieces = Pieces(prepared.dataset, plan.seed)
    run = start_run({"vae": make_autoencoder().to(device)}, pieces, plan)
    return run, Reconstruction(run, pieces, prepared.code, plan.batch)


class Reconstruction:
    """Learning to draw a picture and its edges from the code, and to read the code; see `Task`.

    Args:
        run: As `start_autoencoder` made it.
        pieces: Where batches come from.
        code: The linear code.
        batch: Rows of a batch.
    """

    def __init__(self, run: Run, pieces: Pieces, code: LinearCode, batch: int) -> None:
        self._vae: Any = run.modules["vae"]
        device = next(self._vae.parameters()).device
        self._code = LinearCode(code.mean.to(device), code.encoder.to(device), code.decoder.to(device))
        self._pieces, self._batch = pieces, batch

    def draw(self) -> Sequence[Tensor]:
        """Pieces and noise for their latents."""
        return self._pieces.draw(self._batch)

    def loss(self, part: Sequence[Tensor]) -> Tensor:
        """The distance of picture and edges, and the squared error of the code."""
        pictures, noise = part
        latents = self._code.encode(pictures)
        with torch.autocast(pictures.device.type, torch.bfloat16):
            drawn = self._vae.decoder(latents + noise).float()
            read = self._vae.encoder(pictures)[:, :CHANNELS].float()
        rows = _distance(drawn, pictures) + _EDGES * (
            _distance(drawn.diff(dim=-1), pictures.diff(dim=-1)) + _distance(drawn.diff(dim=-2), pictures.diff(dim=-2))
        )
        total: Tensor = (rows + _CODE_WEIGHT * (read - latents).square().mean((1, 2, 3))).sum()
        return total / self._batch


def _distance(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).abs().mean((1, 2, 3))
