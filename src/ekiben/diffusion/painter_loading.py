"""From a card and its folder of files to a painter on this process's device."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from prometheus_client import CollectorRegistry

from ekiben.cards.card import Card
from ekiben.diffusion.family import Family
from ekiben.diffusion.load import DTYPES, load_family
from ekiben.diffusion.metrics import DiffusionMetrics
from ekiben.diffusion.painter import DiffusionPainter, ReadSource, limits_of
from ekiben.diffusion.painter_terms import request_of
from ekiben.diffusion.profile import profiled_cap
from ekiben.errors import CardError
from ekiben.inference.image_limits import ImageWishes, images_of, settled
from ekiben.inference.prompt_match import read_known_words
from ekiben.settings import keep_compiled

_PROFILED_STEPS: Final = 2


def load_painter(
    card: Card,
    files: Path,
    *,
    device: str,
    threads: int,
    read_source: ReadSource,
    registry: CollectorRegistry,
    cache_dir: Path,
) -> DiffusionPainter:
    """Load a text-to-image model; blocks.

    Args:
        card: What to load, and its limits.
        files: The folder that diffusers saved, and the card's adapters.
        device: `cpu`, or `cuda`: the one GPU that this process sees.
        threads: CPU threads granted by the plan, for all of torch in this process.
        read_source: The decoder of source images.
        registry: Where the engine's metrics go.
        cache_dir: Where what is compiled is kept.

    Raises:
        CardError: A precision that diffusers does not load.
        WeightsError: The files cannot be loaded.
    """
    if card.precision not in DTYPES:
        raise CardError(f"{card.name}: precision {card.precision} is not one of {', '.join(DTYPES)}")
    torch.set_num_threads(threads)
    if card.levers.compile != "off":
        keep_compiled(cache_dir)
    family = load_family(
        files,
        dtype=DTYPES[card.precision],
        device=device,
        adapters={name: files / adapter.file for name, adapter in images_of(card).adapters.items()},
        levers=card.levers,
    )
    words = images_of(card).known_words
    known = read_known_words(files / words) if words else None
    observer = DiffusionMetrics(registry).of(card.name)
    return DiffusionPainter(family, card, limits_of(card, _profiled(family, card)), read_source, observer, known)


def _profiled(family: Family, card: Card) -> int | None:
    """Where more rows in a forward stop paying on this GPU. A CPU is full with the first, and the card knows more."""
    if family.device.type != "cuda" or family.takes_mask_as_input():
        return None
    wishes = ImageWishes("profile", num_inference_steps=min(_PROFILED_STEPS, images_of(card).max_steps), seed=0)
    request = request_of(settled(wishes, card), 0)
    return profiled_cap(family, request, max_rows=max(2, card.batch.max_cost // request.pixels))
