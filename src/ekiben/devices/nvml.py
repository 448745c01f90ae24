"""The GPUs as NVIDIA's management library (NVML) sees them: memory, temperature, utilisation, power."""

from __future__ import annotations

import contextlib
import importlib
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

_log = structlog.get_logger("ekiben.devices")

_GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU now; None where the driver does not tell, as of a virtual GPU's temperature.

    Attributes:
        index: NVML's, over all GPUs of the machine.
        utilization: Share of the last sampling period in which a kernel ran, 0 to 1.
        fault: Why it cannot be read, as of a GPU that fell off the bus; then there are no other values.
    """

    index: int
    uuid: str
    name: str
    memory_total_gib: float
    memory_used_gib: float
    temperature_c: float | None = None
    utilization: float | None = None
    power_w: float | None = None
    fault: str | None = None


class GpuReader(Protocol):
    """Where readings come from; blocks for some milliseconds."""

    def read(self) -> list[GpuReading]:
        """Every GPU of the machine; none where there is no driver."""


class Nvml:
    """See `GpuReader`.

    Args:
        library: Stands for the module `pynvml`, which is imported when first needed otherwise.
    """

    def __init__(self, library: Any = None) -> None:
        self._library = library
        self._is_absent = False

    def read(self) -> list[GpuReading]:
        """See `GpuReader`."""
        if self._is_absent or not self._start():
            return []
        nvml = self._library
        try:
            return [self._one(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError as error:
            _log.error("the GPUs cannot be counted", reason=str(error))
            return []
        finally:
            with contextlib.suppress(nvml.NVMLError):
                nvml.nvmlShutdown()

    def _start(self) -> bool:
        """Load driver and library; a machine without them is asked once only."""
        try:
            if self._library is None:
                self._library = importlib.import_module("pynvml")
        except ImportError:
            self._is_absent = True
            return False
        try:
            self._library.nvmlInit()
        except self._library.NVMLError as error:
            self._is_absent = isinstance(error, self._library.NVMLError_LibraryNotFound)
            return False
        return True

    def _one(self, nvml: Any, index: int) -> GpuReading:
        try:
            return _reading(nvml, index)
        except nvml.NVMLError as error:
            return GpuReading(index, "", "unknown", 0.0, 0.0, fault=str(error))


def _reading(nvml: Any, index: int) -> GpuReading:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)

    def told(name: str, *arguments: object) -> Any:
        try:
            return getattr(nvml, name)(handle, *arguments)
        except nvml.NVMLError_NotSupported:
            return None

    temperature = told("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU)
    rates = told("nvmlDeviceGetUtilizationRates")
    power_mw = told("nvmlDeviceGetPowerUsage")
    return GpuReading(
        index=index,
        uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
        name=_text(nvml.nvmlDeviceGetName(handle)),
        memory_total_gib=memory.total / _GIB,
        memory_used_gib=memory.used / _GIB,
        temperature_c=None if temperature is None else float(temperature),
        utilization=None if rates is None else rates.gpu / 100,
        power_w=None if power_mw is None else power_mw / 1_000,
    )


def _text(value: str | bytes) -> str:
    """Older versions of the library answer in bytes."""
    return value.decode() if isinstance(value, bytes) else value
