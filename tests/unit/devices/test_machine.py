"""What may be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.devices.machine import Gpu, Machine, measure_machine, memory_in_use
from ekiben.devices.nvml import Nvml
from ekiben.errors import ConfigurationError
from ekiben.settings import load_settings
from tests.unit.devices.fake_nvml import FakeGpu, FakeNvml

READER = Nvml(FakeNvml([FakeGpu("GPU-a"), FakeGpu("GPU-b", "NVIDIA L4"), FakeGpu("GPU-c")]))


def seen(monkeypatch: pytest.MonkeyPatch, visible: str | None) -> list[str]:
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    return [gpu.visible for gpu in measure_machine(load_settings(), READER).gpus]


def test_settings_win_over_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    machine = measure_machine(load_settings(threads=7, memory_gib=1.5, gpus="24,40.5"), READER)
    stated = "stated by EKIBEN_GPUS"
    assert machine == Machine(7, 1.5, (Gpu(0, "0", stated, 24.0), Gpu(1, "1", stated, 40.5)))
    assert measure_machine(load_settings(gpus="none"), READER).gpus == ()


def test_the_machine_has_something() -> None:
    machine = measure_machine(load_settings())
    assert machine.threads >= 1
    assert machine.memory_gib > 0


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, ["GPU-a", "GPU-b", "GPU-c"]),
        ("", []),
        ("2,0", ["GPU-c", "GPU-a"]),
        ("GPU-b", ["GPU-b"]),
        ("1,7,0", ["GPU-b"]),  # CUDA stops at the first that is not there
    ],
)
def test_only_gpus_that_cuda_may_show_are_planned_with(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, expected: list[str]
) -> None:
    assert seen(monkeypatch, visible) == expected


def test_stated_gpus_are_among_those_that_cuda_may_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert [gpu.visible for gpu in measure_machine(load_settings(gpus="24,24"), READER).gpus] == ["2", "3"]
    with pytest.raises(ConfigurationError, match="states 3 GPUs and CUDA_VISIBLE_DEVICES shows 2"):
        measure_machine(load_settings(gpus="24,24,24"), READER)


def test_a_gpu_that_cannot_be_read_is_not_planned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    reader = Nvml(FakeNvml([FakeGpu("GPU-a", is_lost=True), FakeGpu("GPU-b")]))
    assert [gpu.visible for gpu in measure_machine(load_settings(), reader).gpus] == ["GPU-b"]


def test_gpus_are_numbered_as_cuda_numbers_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,1")
    assert measure_machine(load_settings(), READER).gpus == (
        Gpu(0, "GPU-c", "NVIDIA A10G", 24.0),
        Gpu(1, "GPU-b", "NVIDIA L4", 24.0),
    )


def test_a_container_is_measured_by_its_own_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("max", "1000"), ("current", "900"), ("stat", "anon 500\ninactive_file 300\n")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr("ekiben.devices.machine._CGROUP_LIMITS", (tmp_path / "max",))
    use = (tmp_path / "current", tmp_path / "stat", "inactive_file")
    monkeypatch.setattr("ekiben.devices.machine._CGROUP_USE", (use,))
    assert memory_in_use() == (600, 1000)
    monkeypatch.setattr("ekiben.devices.machine._CGROUP_LIMITS", ())
    used, total = memory_in_use()
    assert 0 < used < total
