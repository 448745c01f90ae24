"""The image-quality gate for a card: its pictures with and without the levers that it sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from ekiben.cards.card import Card
from ekiben.cards.images import Levers
from ekiben.diffusion.engine import Engine
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.image_quality import QualityVerdict, compared, gate_requests
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.load import DTYPES, load_family
from ekiben.diffusion.memory import give_back
from ekiben.diffusion.painter_terms import request_of
from ekiben.diffusion.request import ImageRequest, Pixels
from ekiben.inference.image_limits import ImageWishes, settled

_PROMPT: Final = "any"  # The gate has its own.


def judge_levers(card: Card, files: Path, *, device: str | None = None) -> QualityVerdict:
    """Draw the gate's fixed prompts and seeds as the card's defaults say, with its levers and without; blocks.

    Args:
        card: Its precision is that of both.
        files: The folder that diffusers saved.
        device: `cpu` or `cuda`; a GPU where there is one, unless given.

    Raises:
        WeightsError: The files cannot be loaded.
        ConfigurationError: This machine cannot do what a lever says.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    requests = gate_requests(request_of(settled(ImageWishes(_PROMPT, seed=0), card), 0))
    plain = _drawn(card, files, device, Levers(), requests)
    return compared(plain, _drawn(card, files, device, card.levers, requests))


def _drawn(card: Card, files: Path, device: str, levers: Levers, requests: Sequence[ImageRequest]) -> Sequence[Pixels]:
    family = load_family(files, dtype=DTYPES[card.precision], device=device, levers=levers)
    limits = EngineLimits(max_cost=card.batch.max_cost, max_open=len(requests))
    engine = Engine(family, ModelIdentity(name=card.name, version=card.version), limits)
    generations = [engine.submit(request) for request in requests]
    while engine.step():
        pass
    give_back(family.device)
    return [generation.future.result().pixels for generation in generations]
