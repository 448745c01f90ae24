"""NVIDIA's library as `pynvml` offers it, over GPUs that a test makes up."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace


class NVMLError(Exception):
    pass


class NVMLError_NotSupported(NVMLError):  # noqa: N801 - its name there
    pass


class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801 - its name there
    pass


@dataclass
class FakeGpu:
    uuid: str
    name: str = "NVIDIA A10G"
    total_gib: float = 24.0
    used_gib: float = 6.0
    temperature: int | None = 50
    utilization: int | None = 75
    power_mw: int | None = 150_000
    is_lost: bool = False


class FakeNvml:
    """Stands for the module."""

    NVML_TEMPERATURE_GPU = 0
    NVMLError = NVMLError
    NVMLError_NotSupported = NVMLError_NotSupported
    NVMLError_LibraryNotFound = NVMLError_LibraryNotFound

    def __init__(
        self, gpus: list[FakeGpu], *, fault: Exception | None = None, count_fault: Exception | None = None
    ) -> None:
        self.gpus, self.fault, self.count_fault = gpus, fault, count_fault
        self.starts = 0
        self.is_open = False

    def nvmlInit(self) -> None:  # noqa: N802
        self.starts += 1
        if self.fault:
            raise self.fault
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        if self.count_fault:
            raise self.count_fault
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeGpu:  # noqa: N802
        if self.gpus[index].is_lost:
            raise NVMLError("GPU is lost")
        return self.gpus[index]

    def nvmlDeviceGetMemoryInfo(self, gpu: FakeGpu) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=int(gpu.total_gib * 2**30), used=int(gpu.used_gib * 2**30))

    def nvmlDeviceGetUUID(self, gpu: FakeGpu) -> str:  # noqa: N802
        return gpu.uuid

    def nvmlDeviceGetName(self, gpu: FakeGpu) -> bytes:  # noqa: N802
        return gpu.name.encode()

    def nvmlDeviceGetTemperature(self, gpu: FakeGpu, _: int) -> int:  # noqa: N802
        return _told(gpu.temperature)

    def nvmlDeviceGetUtilizationRates(self, gpu: FakeGpu) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(gpu=_told(gpu.utilization), memory=1)

    def nvmlDeviceGetPowerUsage(self, gpu: FakeGpu) -> int:  # noqa: N802
        return _told(gpu.power_mw)


def _told(value: int | None) -> int:
    if value is None:
        raise NVMLError_NotSupported
    return value
