"""The service that draws, alone: bare `bentoml serve` and BentoML's own client."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bentoml
import numpy as np
import pytest
import torch
from bentoml.exceptions import BentoMLException
from diffusers import DDIMScheduler, StableDiffusionPipeline
from PIL import Image

from tests.e2e.test_bentoml_services import bare_service
from tests.e2e.tiny_models import TinyModels
from tests.unit.diffusion.making import psnr

SERVICE = "services.text_to_image.service:TextToImage"


@pytest.fixture(scope="module")
def client(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[bentoml.SyncHTTPClient]:
    log = tmp_path_factory.mktemp("service") / "log"
    environment = {**tiny_models.environment, "EKIBEN_MODEL": "tiny-sd"}
    with (
        bare_service(SERVICE, log, **environment) as url,
        bentoml.SyncHTTPClient(url, server_ready_timeout=90) as made,
    ):
        yield made


def test_a_picture_comes_back_and_is_the_pipelines_own(client: bentoml.SyncHTTPClient, tiny_models: TinyModels) -> None:
    wanted: dict[str, Any] = {"prompt": "a b c", "num_inference_steps": 6, "guidance_scale": 4.0}
    picture = client.generate(**wanted, seed=5, size="64x32", scheduler="ddim", negative_prompt="d")
    assert isinstance(picture, Image.Image)
    assert "Seed: 5" in picture.info["parameters"]
    pipeline = StableDiffusionPipeline.from_pretrained(tiny_models.pipeline, use_safetensors=True)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, clip_sample=False)
    own = pipeline(
        **wanted, negative_prompt="d", width=64, height=32, generator=torch.manual_seed(5), output_type="pil"
    ).images[0]
    assert psnr(np.asarray(picture.convert("RGB")), np.asarray(own)) >= 50


def test_an_edit(client: bentoml.SyncHTTPClient, tmp_path: Path) -> None:
    image, mask = tmp_path / "image.png", tmp_path / "mask.png"
    Image.new("RGB", (64, 64), "teal").save(image)
    hole = Image.new("RGBA", (64, 64), (0, 0, 0, 255))
    hole.paste((0, 0, 0, 0), (0, 0, 32, 64))
    hole.save(mask)
    picture = client.inpaint(prompt="a", image=image, mask=mask, strength=0.9, num_inference_steps=10, seed=1)
    assert picture.size == (64, 64)
    assert client.edit(prompt="a", image=image, strength=0.5, num_inference_steps=10).size == (64, 64)
    with pytest.raises(BentoMLException, match="strength"):
        client.edit(prompt="a", image=image, strength=0.0)


def test_a_stream_tells_of_steps_previews_and_the_picture(client: bentoml.SyncHTTPClient) -> None:
    lines = "".join(client.stream(prompt="a b", num_inference_steps=30, partial_images=2, seed=0)).splitlines()
    events = [json.loads(line) for line in lines]
    assert {event["event"] for event in events} == {"step", "preview", "image", "end"}
    pictures = [event for event in events if event["event"] in ("preview", "image")]
    for event in pictures:
        assert Image.open(io.BytesIO(base64.b64decode(event["image"]))).size == (64, 64)
    assert pictures[-1]["facts"]["seed"] == 0


def test_what_is_beyond_the_card_is_refused_in_words(client: bentoml.SyncHTTPClient) -> None:
    with pytest.raises(BentoMLException, match="num_inference_steps is 401; it must be from 1 to 400"):
        client.generate(prompt="a", num_inference_steps=401)
    with pytest.raises(BentoMLException, match="multiple of 8"):
        client.generate(prompt="a", size="60x64")
