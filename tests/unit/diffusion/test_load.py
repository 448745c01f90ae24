from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ekiben.diffusion.engine import Engine
from ekiben.diffusion.load import load_family
from ekiben.errors import WeightsError
from tests.unit.diffusion.making import IDENTITY, LIMITS, engine, made, pipeline, request


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pipeline("sd").save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["sd", "lcm", "sdxl", "sd3", "flux-dev"])
def test_a_saved_pipeline_makes_the_same_pictures(name: str, tmp_path: Path) -> None:
    pipeline(name).save_pretrained(tmp_path)
    loaded = Engine(load_family(tmp_path, dtype=torch.float32, device="cpu"), IDENTITY, LIMITS)
    asked = [request(), request(seed=1)]
    for picture, expected in zip(made(loaded, asked), made(engine(name), asked), strict=True):
        assert np.array_equal(picture.pixels, expected.pixels)


def test_half_precision_keeps_an_autoencoder_that_overflows_precise(folder: Path) -> None:
    family = load_family(folder, dtype=torch.float16, device="cpu")
    assert (family.dtype, family.latents.dtype) == (torch.float16, torch.float32)


@pytest.mark.parametrize(("name", "precision"), [("sd", torch.float16), ("sdxl", torch.float32)])
def test_a_file_that_does_not_say_means_what_diffusers_takes_it_for(
    name: str, precision: torch.dtype, tmp_path: Path
) -> None:
    pipeline(name).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "vae" / "config.json").read_text())
    del config["force_upcast"]
    (tmp_path / "vae" / "config.json").write_text(json.dumps(config))
    assert load_family(tmp_path, dtype=torch.float16, device="cpu").latents.dtype == precision


def test_bfloat16_makes_pictures(folder: Path) -> None:
    loaded = Engine(load_family(folder, dtype=torch.bfloat16, device="cpu"), IDENTITY, LIMITS)
    assert made(loaded, [request()])[0].pixels.std() > 0


@pytest.mark.parametrize("name", ["unet/diffusion_pytorch_model.bin", "pipeline.py", "vae/model.ckpt", "x.pkl"])
def test_files_that_may_hold_code_are_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(WeightsError, match="may hold code"):
        load_family(folder, dtype=torch.float32, device="cpu")


def _change_index(folder: Path, **changes: object) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | changes))


@pytest.mark.parametrize("kind", ["KandinskyPipeline", "../x", None, 3])
def test_other_pipelines_are_refused(folder: Path, kind: object) -> None:
    _change_index(folder, _class_name=kind)
    with pytest.raises(WeightsError, match="its class is not one of"):
        load_family(folder, dtype=torch.float32, device="cpu")


def test_components_of_other_libraries_are_refused(folder: Path) -> None:
    _change_index(folder, unet=["my_module", "UNet"])
    with pytest.raises(WeightsError, match="unet is of 'my_module'"):
        load_family(folder, dtype=torch.float32, device="cpu")


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        load_family(tmp_path, dtype=torch.float32, device="cpu")


def test_missing_weights_are_named(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(WeightsError):
        load_family(folder, dtype=torch.float32, device="cpu")
