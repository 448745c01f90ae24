"""Power loss: an object that was put is there, whole, under its name. Jobs are accepted and published on that word."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from ekiben.objects.location import open_store
from tests.integration.jobs.forced import copy_what_was_forced

_WRITER = """
import asyncio, sys
from pathlib import Path
from ekiben.objects.location import open_store

async def write(store, writer):
    for number in range(10**9):
        key = f"jobs/job_{writer}_{number // 3}/{number % 3}/object"
        await store.put(key, key.encode() * 1_000)
        print(key, flush=True)

async def main():
    store = open_store(sys.argv[1], Path())
    await asyncio.gather(*(write(store, writer) for writer in range(4)))

asyncio.run(main())
"""
_ENOUGH = 100


async def test_no_object_that_was_put_is_lost_with_the_power(tmp_path: Path, shim: Path) -> None:
    root, log = tmp_path / "state" / "objects", tmp_path / "forced"
    environment = {**os.environ, "LD_PRELOAD": str(shim), "POWER_LOSS_LOG": str(log)}
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WRITER, str(root), stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert writer.stdout is not None
    put = [(await writer.stdout.readline()).decode().strip() for _ in range(_ENOUGH)]
    writer.kill()
    put += (await writer.stdout.read()).decode().splitlines()
    await writer.wait()
    copy_what_was_forced(tmp_path / "state", log, tmp_path / "after")
    left = open_store(str(tmp_path / "after" / "objects"), tmp_path)
    kept = {entry.key async for entry in left.entries("jobs")}
    assert set(put) - kept == set()
    for key in put:
        assert await (await left.get(key)).content() == key.encode() * 1_000
