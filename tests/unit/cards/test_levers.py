"""What levers exclude, in themselves and with the rest of a card."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ekiben.cards.card import Card, Resources
from ekiben.cards.images import AdapterFile, Images, Levers, StepCache
from ekiben.testing.embedding import toy_card
from ekiben.testing.images import toy_image_card

GPU = Resources(memory_gib=1.0, gpu=1, gpu_memory_gib=8.0)
COMPILED: dict[str, Any] = {"compile": "regional"}


def _card(levers: Levers, *, gpu: bool = True, adapters: bool = False, precision: str = "bf16") -> Card:
    images = toy_image_card().images
    assert images is not None
    if adapters:
        images = images.model_copy(update={"adapters": {"style": AdapterFile(file="style.safetensors")}})
    resources = GPU if gpu else Resources(memory_gib=1.0)
    return toy_image_card(levers=levers, images=images, precision=precision, resources=resources)


@pytest.mark.parametrize(
    ("levers", "reason"),
    [
        ({"cuda_graphs": True, "offload": "model"}, "cuda_graphs with offload"),
        ({"cuda_graphs": True, "step_cache": StepCache(threshold=0.1)}, "cuda_graphs with step_cache"),
        ({**COMPILED, "offload": "sequential"}, "compile with offload"),
        ({"quantization": "int8-weight", "offload": "sequential"}, "quantization with offload sequential"),
    ],
)
def test_some_exclude_each_other(levers: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Levers(**levers)


@pytest.mark.parametrize(
    "levers",
    [
        Levers(cuda_graphs=True),
        Levers(cuda_graphs=True, compile="regional", fuse_projections=True, quantization="fp8-dynamic"),
        Levers(offload="model", quantization="int8-weight", vae_slicing=True, vae_tiling=True),
        Levers(compile="regional", step_cache=StepCache(threshold=0.1), channels_last=True),
    ],
)
def test_others_go_together_on_a_gpu(levers: Levers) -> None:
    assert _card(levers).levers == levers


@pytest.mark.parametrize(
    ("levers", "precision", "reason"),
    [
        (Levers(), "fp16", "precision fp16, which CPUs convert back and forth, needs a GPU"),
        (Levers(cuda_graphs=True), "fp32", "levers.cuda_graphs needs a GPU"),
        (Levers(offload="model"), "fp32", "levers.offload, which is about its memory, needs a GPU"),
        (Levers(quantization="fp8-weight"), "fp32", "levers.quantization fp8-weight needs a GPU"),
    ],
)
def test_a_card_without_a_gpu(levers: Levers, precision: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        _card(levers, gpu=False, precision=precision)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_a_cpu_can_do(precision: str) -> None:
    levers = Levers(channels_last=True, compile="regional", quantization="int8-dynamic", fuse_projections=True)
    assert _card(levers, gpu=False, precision=precision).levers == levers


@pytest.mark.parametrize(
    "lever", [{"quantization": "int8-weight"}, {"fuse_projections": True}, {"cuda_graphs": True}, COMPILED]
)
def test_adapters_need_weights_that_can_change(lever: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"with images\.adapters: an adapter changes the weights"):
        _card(Levers(**lever), adapters=True)


def test_adapters_go_with_the_others() -> None:
    levers = Levers(step_cache=StepCache(threshold=0.1), offload="model")
    assert _card(levers, adapters=True).levers == levers


@pytest.mark.parametrize("precision", ["int8", "fp8", "int4"])
def test_quantized_precision_is_a_lever(precision: str) -> None:
    with pytest.raises(ValidationError, match=r"levers\.quantization is for the rest"):
        _card(Levers(), precision=precision)


def test_levers_are_for_pictures() -> None:
    with pytest.raises(ValidationError, match="levers is for task text-to-image"):
        toy_card(levers=Levers(channels_last=True))


def test_schedulers_of_two_kinds() -> None:
    images = toy_image_card().images
    assert images is not None
    with pytest.raises(ValidationError, match="flow_match_euler is for models that predict"):
        Images(**(images.model_dump() | {"schedulers": ("euler", "flow_match_euler")}))
