"""Sweeping goes on, whatever happens to it."""

from __future__ import annotations

from typing import Any

import pytest

from ekiben.errors import Unavailable
from ekiben.gateway import sweep
from tests.unit.gateway.conftest import until


class Files:
    def __init__(self) -> None:
        self.swept = 0

    async def sweep(self) -> int:
        self.swept += 1
        if self.swept == 1:
            raise Unavailable("the store is away.")
        return self.swept


async def test_a_store_that_is_away_is_swept_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_EVERY_S", 0.005)
    files: Any = Files()
    sweeping = sweep.Sweep(files)
    sweeping.start()
    await until(lambda: files.swept > 2)
    await sweeping.close()
