from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.cards.catalogue import load_card
from ekiben.errors import ConfigurationError
from ekiben.runtimes.upstream_key import check_upstream_keys, upstream_key
from ekiben.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.cards.card import Card

CARD = """\
runtime: openai
description: A toy.
version: 1.0.0
precision: bf16
upstream: {{url: 'http://gpu:8000/v1', model: big{key}}}
licence: {{code: MIT, weights: MIT}}
inputs: {{}}
generation: {{context_tokens: 64, max_tokens: 16}}
batch: {{max_cost: 8, max_items: 2}}
resources: {{memory_gib: 0.5}}
"""


def card(folder: Path, key: str = "") -> Card:
    path = folder / "text-generation" / "toy.yaml"
    path.parent.mkdir()
    path.write_text(CARD.format(key=key))
    return load_card(path)


def test_the_key_is_the_one_that_the_card_names(tmp_path: Path) -> None:
    settings = Settings.model_validate({"upstream_keys": {"far": "a", "near": "b"}})
    assert upstream_key(card(tmp_path, ", key: far"), settings) == "a"


def test_a_server_that_asks_for_none_gets_none(tmp_path: Path) -> None:
    open_to_all = card(tmp_path)
    assert upstream_key(open_to_all, Settings()) is None
    check_upstream_keys([open_to_all], Settings())


def test_a_key_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"EKIBEN_UPSTREAM_KEYS has no entry 'far', the key that toy names"):
        check_upstream_keys([card(tmp_path, ", key: far")], Settings())
