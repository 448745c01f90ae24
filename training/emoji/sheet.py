"""Pictures of fixed prompts on sheets, to be looked at by a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw

from training.emoji.pictures import SIDE
from training.emoji.schedulers import offered

PROMPTS = (
    *("a cat", "a dog", "a horse", "a cow", "a pig", "an elephant", "a lion", "a bear"),
    *("a rabbit", "a monkey", "a penguin", "a bird", "a fish", "a snail", "a butterfly", "a turtle"),
    *("an apple", "a banana", "a strawberry", "a pear", "a carrot", "a pineapple", "a hamburger", "a pizza"),
    *("an egg", "an ice cream", "a cake", "a doughnut", "a cup of coffee", "a glass of wine", "a croissant", "cheese"),
    *("a car", "a bus", "a bicycle", "a fire truck", "an airplane", "a helicopter", "a rocket", "a sailboat"),
    *("a smiling face", "a crying face", "an angry face", "a face with sunglasses", "a ghost", "a robot", "an alien"),
    *("a skull", "a tree", "a rose", "a sunflower", "a cactus", "the sun", "a house", "a castle", "an umbrella"),
    *("a heart", "a key", "a book", "a guitar", "a hammer", "a light bulb", "a soccer ball", "a chair"),
)
"""Sixty-four: animals, food, vehicles, faces, and other things."""

STEPS = (8, 12, 20, 30)

_FEW = PROMPTS[::8]
_ROW = 8
_CAPTION = 14


@torch.inference_mode()
def draw(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str],
    *,
    steps: int = 20,
    guidance: float = 4.0,
    batch: int = 16,
) -> list[Image.Image]:
    """A picture for each prompt; the seed of each is its place in the list."""
    drawn: list[Image.Image] = []
    for start in range(0, len(prompts), batch):
        part = list(prompts[start : start + batch])
        generators = [torch.Generator().manual_seed(start + offset) for offset in range(len(part))]
        drawn += pipeline(
            part, height=SIDE, width=SIDE, num_inference_steps=steps, guidance_scale=guidance, generator=generators
        ).images
    return drawn


def draw_sheets(pipeline: StableDiffusionPipeline, folder: Path) -> None:
    """Write `contact-sheet.png`, and `steps-and-schedulers.png`: a row for each pair of them."""
    contact_sheet(draw(pipeline, PROMPTS), PROMPTS).save(folder / "contact-sheet.png")
    pictures, captions, own = [], [], pipeline.scheduler
    for name, scheduler in offered(own).items():
        pipeline.scheduler = scheduler
        for steps in STEPS:
            pictures += draw(pipeline, _FEW, steps=steps)
            captions += [f"{name}, {steps} steps" if column == 0 else prompt for column, prompt in enumerate(_FEW)]
    pipeline.scheduler = own
    contact_sheet(pictures, captions).save(folder / "steps-and-schedulers.png")


def contact_sheet(pictures: Sequence[Image.Image], prompts: Sequence[str]) -> Image.Image:
    """All pictures in rows of eight, each above its prompt."""
    rows = -(-len(pictures) // _ROW)
    sheet = Image.new("RGB", (_ROW * SIDE, rows * (SIDE + _CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    for index, (picture, prompt) in enumerate(zip(pictures, prompts, strict=True)):
        row, column = divmod(index, _ROW)
        sheet.paste(picture, (column * SIDE, row * (SIDE + _CAPTION)))
        pen.text((column * SIDE + 4, row * (SIDE + _CAPTION) + SIDE), prompt, fill="black")
    return sheet
