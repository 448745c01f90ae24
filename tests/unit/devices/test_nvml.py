"""Reading GPUs, over a made-up driver; the real one where a machine has it."""

from __future__ import annotations

import pytest

from ekiben.devices.nvml import GpuReading, Nvml
from tests.unit.devices.fake_nvml import FakeGpu, FakeNvml, NVMLError, NVMLError_LibraryNotFound


def test_a_reading_has_units() -> None:
    library = FakeNvml([FakeGpu("GPU-a")])
    assert Nvml(library).read() == [GpuReading(0, "GPU-a", "NVIDIA A10G", 24.0, 6.0, 50.0, 0.75, 150.0)]
    assert not library.is_open


def test_what_the_driver_does_not_tell_is_none() -> None:
    library = FakeNvml([FakeGpu("GPU-a", temperature=None, utilization=None, power_mw=None)])
    (reading,) = Nvml(library).read()
    assert (reading.temperature_c, reading.utilization, reading.power_w) == (None, None, None)


def test_a_lost_gpu_says_so_and_does_not_cost_the_others_readings() -> None:
    library = FakeNvml([FakeGpu("GPU-a", is_lost=True), FakeGpu("GPU-b")])
    lost, other = Nvml(library).read()
    assert (lost.index, lost.fault) == (0, "GPU is lost")
    assert (other.uuid, other.fault) == ("GPU-b", None)
    assert not library.is_open


def test_gpus_that_cannot_be_counted_are_none() -> None:
    library = FakeNvml([FakeGpu("GPU-a")], count_fault=NVMLError("unknown"))
    assert Nvml(library).read() == []
    assert not library.is_open


def test_a_machine_without_a_driver_is_asked_once() -> None:
    library = FakeNvml([], fault=NVMLError_LibraryNotFound())
    reader = Nvml(library)
    assert (reader.read(), reader.read(), library.starts) == ([], [], 1)


def test_a_driver_that_is_being_updated_is_asked_again() -> None:
    library = FakeNvml([FakeGpu("GPU-a")], fault=NVMLError("version mismatch"))
    reader = Nvml(library)
    assert reader.read() == []
    library.fault = None
    assert len(reader.read()) == 1


def test_the_real_driver_answers_where_there_is_one() -> None:
    readings = Nvml().read()
    if not readings:
        pytest.skip("this machine has no NVIDIA GPU")
    for reading in readings:
        assert 0 <= reading.memory_used_gib <= reading.memory_total_gib
        assert reading.uuid.startswith("GPU-")
