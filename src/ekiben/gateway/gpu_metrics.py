"""GPU gauges, named and measured as Prometheus wants it: base units, ratios from 0 to 1."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from ekiben.devices.nvml import GpuReading

_GIB: Final = 2**30
_LABELS: Final = ("gpu", "name")


class GpuMetrics:
    """Memory, temperature, utilisation and power of every GPU.

    Args:
        registry: Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"ekiben_gpu_{name}", text, _LABELS, registry=registry, multiprocess_mode="livemostrecent")

        self._used = gauge("memory_used_bytes", "Memory in use.")
        self._total = gauge("memory_total_bytes", "Memory there is.")
        self._temperature = gauge("temperature_celsius", "Temperature of the chip.")
        self._utilization = gauge("utilization_ratio", "Share of the time in which a kernel ran.")
        self._power = gauge("power_watts", "Power drawn.")

    def show(self, readings: list[GpuReading]) -> None:
        """Take the present readings; GPUs that are gone, and what the driver does not tell, leave no value behind."""
        for metric in (self._used, self._total, self._temperature, self._utilization, self._power):
            metric.clear()
        for reading in readings:
            if reading.fault is None:
                self._show(reading)

    def _show(self, reading: GpuReading) -> None:
        labels = (str(reading.index), reading.name)
        self._used.labels(*labels).set(reading.memory_used_gib * _GIB)
        self._total.labels(*labels).set(reading.memory_total_gib * _GIB)
        if reading.temperature_c is not None:
            self._temperature.labels(*labels).set(reading.temperature_c)
        if reading.utilization is not None:
            self._utilization.labels(*labels).set(reading.utilization)
        if reading.power_w is not None:
            self._power.labels(*labels).set(reading.power_w)
