from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.metrics import DiffusionMetrics
from tests.unit.diffusion.making import SIDE, engine, made, request


def test_a_dashboard_sees_steps_rows_images_and_stages() -> None:
    registry = CollectorRegistry()
    observer = DiffusionMetrics(registry).of("tiny")
    limits = EngineLimits(max_cost=64 * SIDE * SIDE, max_open=8)
    running = engine("sd", observer=observer, limits=limits)
    running.submit(request(seed=5)).cancel()
    made(running, [request(), request(seed=1)])

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"model": "tiny", **labels})

    assert value("ekiben_diffusion_images_total") == 2
    assert value("ekiben_diffusion_step_seconds_count") == 5
    assert value("ekiben_diffusion_step_rows_sum") == 20
    assert value("ekiben_diffusion_decode_seconds_count") == 1
    assert value("ekiben_diffusion_ended_total", reason="cancelled") == 1
    assert value("ekiben_diffusion_open_images") == 0
    assert value("ekiben_diffusion_cap_cost") == limits.max_cost
    for stage in ("queue", "encode", "denoise", "decode"):
        assert value("ekiben_diffusion_stage_seconds_count", stage=stage) == 2
    assert b"ekiben_diffusion" in generate_latest(registry)
