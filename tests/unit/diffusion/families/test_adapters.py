from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from ekiben.diffusion.engine import Engine
from ekiben.diffusion.load import load_family
from ekiben.diffusion.request import Adapter
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import WeightsError
from tests.unit.diffusion import tiny_pipelines
from tests.unit.diffusion.making import IDENTITY, LIMITS, NEVER_DIFFERENT_DB, finish, image, made, psnr, request

_INK = (Adapter(name="ink"),)
_BOTH = (Adapter(name="ink", weight=0.5), Adapter(name="wash", weight=0.8))


def _save_adapter(pipeline: Any, denoiser: str, folder: Path, name: str, seed: int) -> Path:
    """A random adapter on the attention of a throw-away pipeline's denoiser."""
    model = getattr(pipeline, denoiser)
    torch.manual_seed(seed)
    model.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"]))
    for parameter_name, parameter in model.named_parameters():
        if "lora" in parameter_name:
            torch.nn.init.normal_(parameter, std=0.5)
    layers = {f"{denoiser}_lora_layers": get_peft_model_state_dict(model)}
    pipeline.save_lora_weights(folder, weight_name=f"{name}.safetensors", **layers)
    return folder / f"{name}.safetensors"


@pytest.fixture(params=["unet", "transformer"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Path]]:
    make = tiny_pipelines.stable_diffusion if request.param == "unet" else tiny_pipelines.flux
    make().save_pretrained(tmp_path / "model")
    files = {
        name: _save_adapter(make(), request.param, tmp_path / name, name, seed)
        for seed, name in enumerate(("ink", "wash"))
    }
    return tmp_path / "model", files


def _pipeline_image(saved: tuple[Path, dict[str, Path]], adapters: tuple[Adapter, ...]) -> Any:
    """By diffusers' own call, the adapters loaded as its documentation does."""
    folder, files = saved
    pipeline = diffusers.DiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    for adapter in adapters:
        pipeline.load_lora_weights(
            files[adapter.name].parent, weight_name=files[adapter.name].name, adapter_name=adapter.name
        )
    if adapters:
        pipeline.set_adapters([one.name for one in adapters], [one.weight for one in adapters])
    asked = request()
    picture = pipeline(
        asked.prompt,
        width=asked.width,
        height=asked.height,
        num_inference_steps=asked.steps,
        guidance_scale=asked.guidance_scale,
        generator=torch.Generator().manual_seed(asked.seed),
        output_type="np",
    ).images[0]
    return (picture * 255).round().astype(np.uint8)


def test_each_request_has_its_own_adapters(saved: tuple[Path, dict[str, Path]]) -> None:
    folder, files = saved
    running = Engine(load_family(folder, dtype=torch.float32, device="cpu", adapters=files), IDENTITY, LIMITS)
    asked: list[tuple[Adapter, ...]] = [(), _INK, _BOTH, ()]
    pictures = made(running, [request(adapters=adapters) for adapters in asked])
    expected = [_pipeline_image(saved, adapters) for adapters in asked]
    assert psnr(expected[0], expected[1]) < NEVER_DIFFERENT_DB
    assert psnr(expected[1], expected[2]) < NEVER_DIFFERENT_DB
    for picture, same in zip(pictures, expected, strict=True):
        assert psnr(picture.pixels, same) >= NEVER_DIFFERENT_DB


def test_different_adapters_do_not_share_a_forward(saved: tuple[Path, dict[str, Path]]) -> None:
    folder, files = saved
    running = Engine(load_family(folder, dtype=torch.float32, device="cpu", adapters=files), IDENTITY, LIMITS)
    scheduler = SchedulerName.EULER if "unet" in {path.name for path in folder.iterdir()} else None
    plain, inked = (
        running.submit(request(steps=2, guidance_scale=0.0, scheduler=scheduler, adapters=adapters))
        for adapters in ((), _INK)
    )
    assert finish(running) == 4
    assert image(plain).timing.rows_per_step == image(inked).timing.rows_per_step == 1.0


def test_an_adapter_that_is_no_data_is_refused(saved: tuple[Path, dict[str, Path]], tmp_path: Path) -> None:
    folder, _ = saved
    for name, content in {"a.bin": b"", "b.safetensors": b"\x00" * 100, "c.safetensors": None}.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(WeightsError, match=name):
            load_family(folder, dtype=torch.float32, device="cpu", adapters={"x": tmp_path / name})
