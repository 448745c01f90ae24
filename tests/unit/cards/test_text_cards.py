"""Cards of models that write text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.cards.catalogue import load_card, load_catalogue
from ekiben.errors import CardError

if TYPE_CHECKING:
    from tests.unit.cards.conftest import WriteCard

TASK = "text-generation"
LOCAL = """\
runtime: llama-cpp
description: A toy.
version: 1.2.3
precision: int4
source: {files: {model.gguf: file:model.gguf}}
licence: {code: MIT, weights: MIT}
inputs: {max_items: 4}
generation: {context_tokens: 64, max_tokens: 16}
batch: {max_cost: 8, max_items: 2}
resources: {memory_gib: 0.5}
"""
ELSEWHERE = LOCAL.replace("llama-cpp", "openai").replace(
    "source: {files: {model.gguf: file:model.gguf}}", "upstream: {url: 'http://gpu:8000/v1', model: big}"
)


def test_both_kinds(write_card: WriteCard) -> None:
    here = load_card(write_card(LOCAL, "here.yaml", TASK))
    there = load_card(write_card(ELSEWHERE, "there.yaml", TASK))
    assert (here.has_weights, here.resolved, there.has_weights, there.resolved) == (True, True, False, True)
    assert not here.task.takes_tensors


def test_a_card_without_its_server_s_address_is_a_template(write_card: WriteCard) -> None:
    path = write_card(ELSEWHERE.replace("url: 'http://gpu:8000/v1', ", ""), "there.yaml", TASK)
    catalogue = load_catalogue(path.parent.parent)
    assert catalogue.served == ()
    with pytest.raises(CardError, match=r"write its server's address into its card as upstream\.url"):
        catalogue.select(["there"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LOCAL.replace("generation: {context_tokens: 64, max_tokens: 16}\n", ""), "generation is required"),
        (LOCAL.replace("max_tokens: 16", "max_tokens: 65"), "max_tokens 65 is above context_tokens 64"),
        (LOCAL.replace("source: {files: {model.gguf: file:model.gguf}}\n", ""), "are required, except for"),
        (LOCAL.replace("model.gguf:", "model.bin:"), "'model.bin' is not one of"),
        (LOCAL + "upstream: {model: big}\n", "upstream, the server elsewhere, is for runtime openai"),
        (
            LOCAL.replace("memory_gib", "gpu: 1, memory_gib"),
            "which computes on the CPU; a language model on a GPU runs",
        ),
        (LOCAL.replace("memory_gib", "gpu_memory_gib: 2, memory_gib"), "not for runtime llama-cpp"),
        (ELSEWHERE + "source: {files: {model.gguf: file:model.gguf}}\n", "which has none"),
        (ELSEWHERE.replace("upstream: {url: 'http://gpu:8000/v1', model: big}\n", ""), "required there"),
        (ELSEWHERE.replace("http://gpu:8000/v1", "http://me:secret@gpu/v1"), "String should match pattern"),
        (ELSEWHERE.replace("http://gpu:8000/v1", "file:///etc/passwd"), "String should match pattern"),
        (ELSEWHERE.replace("model: big", "model: big, health_path: health"), "String should match pattern"),
    ],
)
def test_what_cannot_be_served_is_refused(write_card: WriteCard, text: str, reason: str) -> None:
    with pytest.raises(CardError) as refused:
        load_card(write_card(text, "toy.yaml", TASK))
    assert reason in refused.value.message
