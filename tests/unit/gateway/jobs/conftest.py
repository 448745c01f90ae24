"""A gateway that keeps jobs, on a server that is emptied before every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.gateway.jobs.platform import JobPlatform, job_platform


@pytest.fixture
async def platform(run_dir: Path, valkey_url: str) -> AsyncIterator[JobPlatform]:
    async with job_platform(run_dir, valkey_url) as found:
        yield found
