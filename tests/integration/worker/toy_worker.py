"""A worker process of its own: the real host, listener, intake and store around a toy that draws.

    python -m tests.integration.worker.toy_worker STEP_S VERSION

The settings come from the environment, as any worker's. Each computed step is a line in `$TOY_STEPS`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from ekiben.devices.machine import Machine
from ekiben.devices.planner import make_plan
from ekiben.settings import load_settings
from ekiben.telemetry.logs import configure_logging
from ekiben.testing.images import ToyImageGenerator, toy_image_card
from ekiben.worker.host import ModelHost
from ekiben.worker.image_servable import loads


async def main(step_s: float, version: str) -> None:
    """Serve until SIGTERM."""
    settings = load_settings()
    configure_logging("json", "info", sys.stderr, log_content=False)
    card = toy_image_card(version=version)
    steps = Path(os.environ["TOY_STEPS"])

    def stepped(seed: int, step: int) -> None:
        with steps.open("a") as file:
            file.write(f"{os.getpid()} {seed} {step}\n")

    def make(_: CollectorRegistry) -> ToyImageGenerator:
        return ToyImageGenerator(step_s, version, stepped)

    place = make_plan([card], Machine(threads=2, memory_gib=8.0, gpus=())).of(card.name)
    host = ModelHost(card, loads(card, make, settings), place, settings)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await host.start()
    await stopping.wait()
    await host.stop()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2]))
