"""An instance's metadata service, and what reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ekiben.deploy.agent.metadata import Metadata
from ekiben.testing.instance_metadata import InstanceMetadata


@pytest.fixture
async def service() -> AsyncIterator[InstanceMetadata]:
    async with InstanceMetadata() as found:
        yield found


@pytest.fixture
async def metadata(service: InstanceMetadata) -> AsyncIterator[Metadata]:
    async with Metadata(service.url) as found:
        yield found
