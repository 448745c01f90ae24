"""The painter: an engine behind the seam, with tiny pipelines of random weights."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from ekiben.diffusion.families import family_of
from ekiben.diffusion.painter import DiffusionPainter, limits_of
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import DeadlineExceeded, InvalidRequest, QueueFull, ShuttingDown
from ekiben.inference.image_generation import ImageSettings, Source
from ekiben.testing.images import toy_image_card
from tests.unit.diffusion.making import SIDE, pipeline, pipeline_image, psnr, request

CARD = toy_image_card()


def no_source(image: bytes, mask: bytes | None, size: tuple[int, int]) -> Source:
    raise InvalidRequest(f"{image!r} and {mask!r} are not read here, nor scaled to {size}.", param="image")


def painter(name: str = "sd", **card: Any) -> DiffusionPainter:
    made = toy_image_card(**card)
    return DiffusionPainter(family_of(pipeline(name)), made, limits_of(made), no_source)


@pytest.fixture
async def sd() -> AsyncIterator[DiffusionPainter]:
    made = painter()
    yield made
    await made.close()


def settings(**changes: Any) -> ImageSettings:
    fields: dict[str, Any] = {
        "prompt": "a b c",
        "width": SIDE,
        "height": SIDE,
        "steps": 4,
        "guidance_scale": 5.0,
        "seed": 7,
        "scheduler": "ddim",
    }
    return ImageSettings(**(fields | changes))


def test_a_picture_is_the_pipelines_own(sd: DiffusionPainter) -> None:
    drawn = sd.submit(settings(seed=6), 1).future.result(60)
    assert psnr(drawn.pixels, pipeline_image("sd", request(scheduler=SchedulerName.DDIM, seed=7))) >= 50
    assert (drawn.facts.seed, drawn.facts.scheduler, drawn.facts.model) == (7, "ddim", "toy-image")
    assert drawn.facts.evaluations == 4
    assert set(drawn.facts.stages) == {"queue", "encode", "denoise", "decode"}


async def test_warming_up_draws_a_picture_also_where_a_model_only_inpaints() -> None:
    for name in ("sdxl", "sd-inpainting"):
        made = painter(name)
        made.warm_up()
        await made.close()


def test_steps_and_previews_are_told(sd: DiffusionPainter) -> None:
    told: list[tuple[int, int, bool]] = []
    wanted = settings(steps=6, partial_images=2, progress=True)
    drawing = sd.submit(wanted, 0, listener=lambda step, steps, seen: told.append((step, steps, seen is not None)))
    drawing.future.result(60)
    assert [step for step, _, seen in told if not seen] == [1, 2, 3, 4, 5]
    assert [step for step, _, seen in told if seen] == [2, 4]
    assert {steps for _, steps, _ in told} == {6}


async def test_previews_may_be_decoded_or_left_out() -> None:
    sizes: dict[str, list[tuple[int, ...]]] = {"latent": [], "decoded": [], "off": []}
    for kind, seen in sizes.items():
        assert CARD.images is not None
        made = painter(images=CARD.images.model_copy(update={"preview": kind}))

        def note(_: int, __: int, shown: Any, seen: list[tuple[int, ...]] = seen) -> None:
            if shown is not None:
                seen.append(shown.shape)

        made.submit(settings(partial_images=1), 0, listener=note).future.result(60)
        await made.close()
    assert sizes == {"latent": [(SIDE // 2, SIDE // 2, 3)], "decoded": [(SIDE, SIDE, 3)], "off": []}


def test_a_cancelled_picture_leaves_its_neighbours_as_they_are(sd: DiffusionPainter) -> None:
    undisturbed = sd.submit(settings(steps=8), 0).future.result(60)
    begun = threading.Event()
    unwanted = sd.submit(settings(steps=20, seed=99), 0, listener=lambda *_: begun.set())
    wanted = sd.submit(settings(steps=8), 0)
    assert begun.wait(60)
    assert unwanted.cancel()
    assert unwanted.future.cancelled()
    assert psnr(wanted.future.result(60).pixels, undisturbed.pixels) >= 50


def test_a_source_image_and_its_mask(sd: DiffusionPainter) -> None:
    rows = np.arange(SIDE, dtype=np.uint8)[:, None, None] * 7
    pixels = np.broadcast_to(rows, (SIDE, SIDE, 3)).copy()
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    mask[:, : SIDE // 2] = 255
    whole = sd.submit(settings(strength=0.5), 0, source=Source(pixels)).future.result(60)
    part = sd.submit(settings(strength=1.0), 0, source=Source(pixels, mask)).future.result(60)
    assert whole.facts.evaluations == 2
    assert not np.array_equal(part.pixels[:, : SIDE // 2], whole.pixels[:, : SIDE // 2])


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"width": SIDE + 1}, "size"),
        ({"scheduler": "flow_match_euler"}, "scheduler"),
        ({"scheduler": "heun"}, "scheduler"),
        ({"steps": 2_000}, "num_inference_steps"),
        ({"steps": 1_000, "scheduler": "lcm"}, "num_inference_steps"),
    ],
)
def test_errors_name_fields_as_callers_do(sd: DiffusionPainter, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as found:
        sd.submit(settings(**changes), 0)
    assert found.value.param == param


def test_deadlines_and_room(sd: DiffusionPainter) -> None:
    with pytest.raises(DeadlineExceeded):
        sd.submit(settings(), 0, deadline=time.monotonic() - 1)
    assert CARD.batch.max_items + CARD.batch.max_queue_items == 8
    drawings = [sd.submit(settings(steps=20), index) for index in range(7)]
    with pytest.raises(QueueFull):
        drawings += [sd.submit(settings(steps=20), index) for index in range(7, 20)]
    for drawing in drawings:
        drawing.cancel()


async def test_closing_finishes_what_was_accepted() -> None:
    made = painter()
    drawing = made.submit(settings(steps=10), 0)
    assert made.ready
    await made.close()
    assert drawing.future.result(0).pixels.shape == (SIDE, SIDE, 3)
    assert not made.ready
    with pytest.raises(ShuttingDown):
        made.submit(settings(), 0)
