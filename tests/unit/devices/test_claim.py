"""No two processes hold the same place."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ekiben.devices.claim import claim
from ekiben.devices.machine import Gpu
from ekiben.devices.plan import Placement
from ekiben.errors import ConfigurationError

GPUS = (Gpu(0, "GPU-a", "A", 24.0), Gpu(1, "GPU-b", "B", 24.0))
PLACEMENT = Placement("toy", GPUS, threads=1, memory_gib=1.0, gpu_memory_gib=4.0)


def hold(run_dir: Path, pipe: Connection) -> None:
    """A worker process: take a place, tell which GPU it sees, wait."""
    place = asyncio.run(claim(PLACEMENT, run_dir))
    pipe.send((place.number, place.device, os.environ["CUDA_VISIBLE_DEVICES"]))
    pipe.recv()


def test_each_process_sees_its_own_gpu_and_a_killed_one_makes_room(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    pipes = []  # closed, they would end the processes

    def start() -> tuple[multiprocessing.process.BaseProcess, tuple[int, str, str]]:
        ours, theirs = context.Pipe()
        pipes.append(ours)
        process = context.Process(target=hold, args=(tmp_path, theirs), daemon=True)
        process.start()
        assert ours.poll(30)
        return process, ours.recv()

    first, place = start()
    second, other = start()
    assert sorted([place, other]) == [(0, "cuda:0", "GPU-a"), (1, "cuda:1", "GPU-b")]
    first.kill()
    first.join()
    third, again = start()
    assert again == place
    for process in (second, third):
        process.kill()
        process.join()


async def test_a_third_process_is_told_why_it_has_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    placement = Placement("toy", (None,), threads=1, memory_gib=1.0)
    taken = await claim(placement, tmp_path)
    assert (taken.device, os.environ["CUDA_VISIBLE_DEVICES"]) == ("cpu", "")
    with pytest.raises(ConfigurationError, match="all 1 places of toy are taken"):
        await claim(placement, tmp_path, patience_s=0.0)
    os.close(taken.handle)
    again = await claim(placement, tmp_path)
    os.close(again.handle)
