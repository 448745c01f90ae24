"""What the entry points ask of the machine: room for what runs here, and for nothing else."""

from __future__ import annotations

import pytest

from ekiben.cards.card import Task
from ekiben.errors import ConfigurationError
from services.assembly import assemble


def test_models_elsewhere_need_no_memory_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKIBEN_ONLY", "all-minilm-l6-v2,efficientnet-lite0")
    monkeypatch.setenv("EKIBEN_MEMORY_GIB", "1.2")
    with pytest.raises(ConfigurationError, match=r"this machine has 1\.2 GiB"):
        assemble().plan()
    monkeypatch.setenv("EKIBEN_WORKER_URLS", '{"all-minilm-l6-v2": ["http://127.0.0.1:1"]}')
    assert [place.model for place in assemble().plan().placements] == ["efficientnet-lite0"]


def test_a_service_alone_needs_room_for_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKIBEN_MEMORY_GIB", "1.2")
    card, place, _ = assemble().alone(Task.IMAGE_CLASSIFICATION)
    assert (card.name, place.threads >= 1) == ("efficientnet-lite0", True)
