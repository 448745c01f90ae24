"""The queue in `/metrics` and `/health`."""

from __future__ import annotations

from pathlib import Path

from valkey.asyncio import Valkey

from tests.unit.gateway.jobs.platform import JobPlatform, job_platform
from tests.unit.jobs.server import running_valkey


async def test_metrics_tell_what_waits(platform: JobPlatform) -> None:
    for _ in range(3):
        await platform.submit()
    await platform.submit(not_before=60)
    await platform.work()
    text = (await platform.http.get("/metrics")).text
    for line in (
        'ekiben_jobs{model="toy-image",state="waiting"} 2.0',
        'ekiben_jobs{model="toy-image",state="delayed"} 1.0',
        'ekiben_jobs{model="toy-image",state="running"} 0.0',
        'ekiben_jobs_waiting_per_worker{model="toy-image"} 2.0',
        "ekiben_jobs_dead 0.0",
        "ekiben_queue_up 1.0",
        "ekiben_queue_durable 1.0",
    ):
        assert line in text
    assert 'ekiben_jobs_oldest_age_seconds{model="toy-image"} ' in text


async def test_metrics_tell_that_no_job_is_taken(run_dir: Path) -> None:
    with running_valkey(run_dir) as server:
        async with Valkey.from_url(server.url) as client:
            await client.config_set("appendfsync", "everysec")
        async with job_platform(run_dir, server.url) as platform:
            text = (await platform.http.get("/metrics")).text
            assert "ekiben_queue_up 1.0" in text
            assert "ekiben_queue_durable 0.0" in text


async def test_health_has_the_queue(platform: JobPlatform) -> None:
    await platform.submit()
    report = (await platform.http.get("/health")).json()
    (queue,) = [part for part in report["components"] if part["kind"] == "queue"]
    assert (queue["status"], queue["measurements"]["waiting"]) == ("ok", 1)


async def test_a_queue_that_is_away_does_not_hold_up_the_rest(run_dir: Path) -> None:
    async with job_platform(run_dir, f"unix://{run_dir}/nobody.sock") as platform:
        text = (await platform.http.get("/metrics", timeout=30)).text
        assert "ekiben_queue_up 0.0" in text
        assert "ekiben_jobs{" not in text
        report = (await platform.http.get("/health", timeout=30)).json()
        (queue,) = [part for part in report["components"] if part["kind"] == "queue"]
        assert (queue["status"], queue["detail"]) == ("degraded", "the Valkey server does not answer.")
