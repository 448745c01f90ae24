from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ekiben.diffusion.load import load_family
from training.emoji.autoencoder import AUTOENCODER_PLAN, start_autoencoder
from training.emoji.denoiser import DENOISER_PLAN, start_denoiser
from training.emoji.export import export, load, make_pipeline
from training.emoji.pictures import SIDE
from training.emoji.prepared import Prepared
from training.emoji.sheet import contact_sheet, draw

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def exported(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    denoiser, _ = start_denoiser(prepared, DENOISER_PLAN, CPU)
    autoencoder, _ = start_autoencoder(prepared, AUTOENCODER_PLAN, CPU)
    with torch.no_grad():
        next(iter(denoiser.averages.values())).fill_(0.25)
    size = export(make_pipeline(denoiser, autoencoder, prepared), folder)
    assert size == sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    return folder


def test_diffusers_reads_what_was_exported_and_it_holds_the_averages(exported: Path) -> None:
    pipeline = load(exported)
    pictures = draw(pipeline, ["a cat", "a dog"], steps=2)
    assert [picture.size for picture in pictures] == [(SIDE, SIDE)] * 2
    assert (next(iter(pipeline.unet.parameters())) == 0.25).all()
    assert contact_sheet(pictures, ["a cat", "a dog"]).size[0] == 8 * SIDE


def test_the_same_seed_gives_the_same_picture(exported: Path) -> None:
    pipeline = load(exported)
    first, second = (draw(pipeline, ["a cat"], steps=2)[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_the_platforms_engine_reads_it(exported: Path) -> None:
    family = load_family(exported, dtype=torch.float32, device="cpu")
    assert family.latents.shape(SIDE, SIDE) == (1, 12, 16, 16)
    assert family.size_multiple == 8
