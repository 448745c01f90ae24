"""A gateway that draws."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.gateway.image_platform import ImagePlatform, image_platform


@pytest.fixture
async def images(run_dir: Path) -> AsyncIterator[ImagePlatform]:
    async with image_platform(run_dir) as platform:
        yield platform
