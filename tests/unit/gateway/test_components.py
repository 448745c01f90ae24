"""When a part is too hot, too full or gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekiben.devices.nvml import GpuReading
from ekiben.gateway import components
from ekiben.gateway.loading import WorkerState
from ekiben.settings import load_settings
from ekiben.testing import toy_card

COOL = GpuReading(0, "GPU-a", "NVIDIA L4", 24.0, 12.0, 85.0, 0.5, 70.0)
LOADED, IDLE = (WorkerState(state=state, device="cuda:0", memory_bytes=2**30) for state in ("loaded", "idle"))


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({}, None),
        ({"temperature_c": 85.5}, "NVIDIA L4: 86 °C, above 85."),
        ({"memory_used_gib": 21.6}, None),
        ({"memory_used_gib": 22.0}, "NVIDIA L4: 92% of its memory in use, above 90%."),
        ({"temperature_c": None, "utilization": None, "power_w": None}, None),
    ],
)
def test_a_gpu_is_degraded_above_85_degrees_or_90_percent(changes: dict[str, Any], detail: str | None) -> None:
    found = components.gpu(replace(COOL, **changes))
    assert (found.status, found.detail) == ("degraded" if detail else "ok", detail)
    assert all(value is not None for value in found.measurements.values())


def test_a_gpu_that_cannot_be_read_is_unhealthy() -> None:
    found = components.gpu(GpuReading(1, "", "unknown", 0.0, 0.0, fault="GPU is lost"))
    assert (found.name, found.status, found.detail) == ("gpu-1", "unhealthy", "it cannot be read: GPU is lost.")


def test_a_model_is_as_its_workers_are() -> None:
    card = toy_card()
    whole = components.model(card, 2, 2, [LOADED, LOADED])
    assert (whole.status, whole.state, whole.devices) == ("ok", "loaded", ["cuda:0"])
    assert whole.measurements == {"memory_gib": 2.0, "items_in_flight": 0}
    assert components.model(card, 2, 2, [LOADED, LOADED], 3).measurements["items_in_flight"] == 3
    assert components.model(card, 1, 2, [LOADED]).status == "degraded"
    assert components.model(card, 0, 2, []).status == "unhealthy"
    assert components.model(card, 2, 2, [LOADED, IDLE]).state == "idle"


def test_missing_weights_degrade_the_store(tmp_path: Path) -> None:
    found = components.store([toy_card()], load_settings(bentoml_home=tmp_path))
    assert found.status == "degraded"
    assert "toy" in (found.detail or "")


def test_the_disk_of_a_folder_that_is_not_there_yet_is_found(tmp_path: Path) -> None:
    assert components.disk(tmp_path / "a" / "b").measurements["disk_total_gib"] > 0
