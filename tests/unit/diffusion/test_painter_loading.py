"""From a card and a folder to a painter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from prometheus_client import CollectorRegistry, generate_latest
from safetensors.torch import save_file

from ekiben.cards.card import Card, Source
from ekiben.cards.images import AdapterFile, Levers
from ekiben.diffusion.painter import DiffusionPainter
from ekiben.diffusion.painter_loading import load_painter
from ekiben.errors import CardError, WeightsError
from ekiben.inference.image_generation import AdapterWeight
from ekiben.inference.image_generation import Source as SourceImage
from ekiben.inference.image_limits import ImageWishes, settled
from ekiben.inference.prompt_match import PromptMatch
from ekiben.testing.images import toy_image_card
from tests.unit.diffusion import tiny_pipelines
from tests.unit.diffusion.making import psnr


def no_source(image: bytes, mask: bytes | None, size: tuple[int, int]) -> SourceImage:
    raise AssertionError(image, mask, size)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny pipeline, and in the same folder an adapter that changes what it draws."""
    folder = tmp_path_factory.mktemp("files")
    pipeline = tiny_pipelines.stable_diffusion()
    pipeline.save_pretrained(folder, safe_serialization=True)
    torch.manual_seed(0)
    pipeline.unet.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_v"]))
    state = {f"unet.{name}": value for name, value in get_peft_model_state_dict(pipeline.unet).items()}
    save_file(state, folder / "ink.safetensors")
    return folder


def load(
    files: Path, registry: CollectorRegistry | None = None, *, read: Card | None = None, **card: Any
) -> DiffusionPainter:
    return load_painter(
        read or toy_image_card(**card),
        files,
        device="cpu",
        threads=torch.get_num_threads(),
        read_source=no_source,
        registry=registry or CollectorRegistry(),
        cache_dir=files / "cache",
    )


async def test_a_card_is_loaded_and_draws(files: Path) -> None:
    registry = CollectorRegistry()
    painter = load(files, registry)
    assert painter.device == "cpu"
    card = toy_image_card()
    drawn = painter.submit(settled(ImageWishes("a", seed=1), card), 0).future.result(60)
    assert drawn.pixels.shape == (32, 32, 3)
    await painter.close()
    assert 'ekiben_diffusion_images_total{model="toy-image"} 1.0' in generate_latest(registry).decode()


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
async def test_precision_is_the_denoisers_type(files: Path, precision: str) -> None:
    painter = load(files, precision=precision)
    painter.warm_up()
    await painter.close()


async def test_adapters_of_the_card_change_the_picture(files: Path) -> None:
    images = toy_image_card().images
    assert images is not None
    images = images.model_copy(update={"adapters": {"ink": AdapterFile(file="ink.safetensors")}})
    painter, limits = load(files, images=images), toy_image_card(images=images)
    plain, inked = (
        painter.submit(settled(ImageWishes("a", seed=1, adapters=adapters), limits), 0).future.result(60)
        for adapters in ((), (AdapterWeight("ink"),))
    )
    await painter.close()
    assert psnr(plain.pixels, inked.pixels) < 50


async def test_levers_of_the_card_are_pulled(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulled: list[Levers] = []
    monkeypatch.setattr("ekiben.diffusion.load.place", lambda _pipeline, levers, _device: pulled.append(levers))
    levers = Levers(vae_slicing=True)
    await load(files, levers=levers).close()
    assert pulled == [levers]


async def test_what_is_compiled_is_kept_for_the_next_start(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR")
    for variable in variables:
        monkeypatch.setenv(variable, "noted, so that it is put back")
        monkeypatch.delenv(variable)
    await load(files).close()
    assert not any(variable in os.environ for variable in variables)
    await load(files, levers=Levers(compile="regional")).close()
    assert all(Path(os.environ[variable]).is_relative_to(files / "cache") for variable in variables)


async def test_a_model_that_says_which_words_it_knows_tells_what_it_understood(files: Path) -> None:
    (files / "words.json").write_text('{"things": {"feline": ["cat", 0.6]}, "ignored": ["a"]}')
    toy = toy_image_card()
    assert toy.images
    source = Source(files={**toy.source.files, "words.json": "file:words.json"})
    card = toy_image_card(images=toy.images.model_copy(update={"known_words": "words.json"}), source=source)
    painter = load(files, read=card)
    drawn = painter.submit(settled(ImageWishes("a feline", seed=1), card), 0).future.result(60)
    await painter.close()
    assert drawn.facts.prompt_match == PromptMatch(0.6, ("cat",))


def test_what_diffusers_does_not_load_is_refused(files: Path, tmp_path: Path) -> None:
    with pytest.raises(CardError, match="precision int8"):
        load(files, read=toy_image_card().model_copy(update={"precision": "int8"}))
    with pytest.raises(WeightsError):
        load(tmp_path)
