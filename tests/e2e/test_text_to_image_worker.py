"""The worker that draws, under load: strangers in a batch, callers who leave or do not read, and its end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline

from ekiben.inference.image_generation import Preview, Step
from tests.e2e.conftest import Platform, start_platform
from tests.e2e.image_worker import ImageWorker, events_of, finished
from tests.e2e.test_workers_die import until
from tests.e2e.tiny_models import TINY, TinyModels
from tests.unit.diffusion.making import psnr

pytestmark = pytest.mark.slow

_SAME_DB = 50.0


@pytest.fixture(scope="module")
def drawing(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    platform = start_platform(tmp_path_factory.mktemp("drawing"), "--only", TINY, **tiny_models.environment)
    try:
        platform.wait_until_ready()
        yield platform
    finally:
        status = platform.stop()
    assert status == 0, platform.log_end()


@pytest.fixture
def worker(drawing: Platform) -> ImageWorker:
    return ImageWorker(drawing)


def test_in_company_every_picture_is_the_pipelines_own(worker: ImageWorker, tiny_models: TinyModels) -> None:
    company: list[dict[str, Any]] = [
        {"steps": 4 + index, "seed": index, "guidance_scale": (0.0, 3.0, 7.5)[index % 3]} for index in range(6)
    ]
    with ThreadPoolExecutor(len(company)) as pool:
        pictures = list(pool.map(lambda wanted: worker.picture(**wanted), company))
    pipeline = StableDiffusionPipeline.from_pretrained(tiny_models.pipeline, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, clip_sample=False)
    for wanted, picture in zip(company, pictures, strict=True):
        own = pipeline(
            "a b c",
            width=64,
            height=64,
            num_inference_steps=wanted["steps"],
            guidance_scale=wanted["guidance_scale"],
            generator=torch.manual_seed(wanted["seed"]),
        ).images[0]
        assert psnr(picture, np.asarray(own)) >= _SAME_DB


def test_who_leaves_frees_the_place_and_disturbs_nobody(worker: ImageWorker) -> None:
    undisturbed = worker.picture(steps=60)
    before = worker.metric("ekiben_diffusion_ended_total", reason="cancelled")
    with ThreadPoolExecutor(1) as pool, worker.asked(steps=400, seed=99, progress=True) as leaving:
        staying = pool.submit(worker.picture, steps=60)
        for event in events_of(leaving):
            if isinstance(event, Step) and event.step >= 3:
                break
        leaving.close()
        until(lambda: worker.metric("ekiben_diffusion_ended_total", reason="cancelled") == before + 1, within_s=30)
        assert psnr(staying.result(60), undisturbed) >= _SAME_DB
    steps = worker.metric("ekiben_diffusion_step_seconds_count")
    assert worker.metric("ekiben_diffusion_open_images") == 0
    worker.picture(steps=8)
    assert worker.metric("ekiben_diffusion_step_seconds_count") == steps + 8  # nothing of the one who left
    assert worker.metric("ekiben_image_requests_total", end="left") >= 1


def test_who_does_not_read_slows_nobody_and_misses_only_previews(worker: ImageWorker) -> None:
    before = worker.metric("ekiben_image_previews_skipped_total")
    with worker.asked(width=128, height=128, steps=60, guidance_scale=0.0, partial_images=50) as unread:
        neighbour = worker.picture(steps=8)
        assert neighbour.shape == (64, 64, 3)
        until(lambda: worker.metric("ekiben_diffusion_open_images") == 0, within_s=60)
        events = list(events_of(unread))
    numbers = [event.number for event in events if isinstance(event, Preview)]
    assert numbers == sorted(set(numbers))
    skipped = worker.metric("ekiben_image_previews_skipped_total") - before
    assert len(numbers) + skipped == 29  # after every second step but the last
    assert [type(event).__name__ for event in events[-2:]] == ["FinishedImage", "ImagesEnd"]


@pytest.mark.parametrize(
    ("settings", "param"),
    [
        ({"steps": 401}, "num_inference_steps"),
        ({"width": 136}, "size"),
        ({"height": 36}, "size"),
        ({"guidance_scale": 20.5}, "guidance_scale"),
        ({"n": 5}, "n"),
        ({"seed": -1}, "seed"),
        ({"scheduler": "lcm"}, "scheduler"),
        ({"prompt": " "}, "prompt"),
    ],
)
def test_what_is_beyond_the_card_is_refused_by_name(worker: ImageWorker, settings: dict[str, Any], param: str) -> None:
    with worker.asked(**settings) as reply:
        reply.read()
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


def test_more_than_there_is_room_for_is_refused_and_nothing_of_it_computed(worker: ImageWorker) -> None:
    with ThreadPoolExecutor(4) as pool:
        holding = [pool.submit(worker.picture, steps=60, seed=seed) for seed in range(4)]
        until(lambda: worker.metric("ekiben_diffusion_open_images") == 4, within_s=30)
        crowds = [worker.asked(n=4, steps=400) for _ in range(3)]
        first, second, third = (crowd.__enter__() for crowd in crowds)
        last = worker.asked(n=4)
        refused = last.__enter__()
        refused.read()
        assert [first.status_code, second.status_code, third.status_code, refused.status_code] == [200, 200, 200, 429]
        assert worker.metric("ekiben_diffusion_open_images") <= 16
        for crowd in (*crowds, last):
            crowd.__exit__(None, None, None)
        assert all(each.result(60).shape == (64, 64, 3) for each in holding)
    until(lambda: worker.metric("ekiben_diffusion_open_images") == 0, within_s=30)


def test_killed_it_comes_back_and_terminated_it_finishes(tiny_models: TinyModels, tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", TINY, **tiny_models.environment)
    try:
        platform.wait_until_ready()
        worker = ImageWorker(platform)
        picture = worker.picture()
        with worker.asked(steps=400, progress=True) as reply:
            events = events_of(reply)
            next(events)
            os.kill(worker.pid, signal.SIGKILL)
            with pytest.raises(httpx.HTTPError):
                list(events)
        until(lambda: httpx.get(f"{platform.base_url}/readyz").status_code == 503, within_s=5)
        platform.wait_until_ready(within_s=60)
        successor = ImageWorker(platform)
        assert successor.pid != worker.pid
        assert np.array_equal(successor.picture(), picture)
        with successor.asked(steps=100) as reply:
            platform.process.send_signal(signal.SIGTERM)
            assert finished(reply).shape == (64, 64, 3)
    finally:
        status = platform.stop()
    assert status == 0, platform.log_end()
