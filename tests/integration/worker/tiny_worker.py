"""A worker process around a real diffusion engine with a tiny pipeline.

    python -m tests.integration.worker.tiny_worker FOLDER

The folder is a pipeline that diffusers saved. Each computed step is a line in `$FAULTS_STEPS`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from ekiben.cards.images import Images
from ekiben.devices.machine import Machine
from ekiben.devices.planner import make_plan
from ekiben.diffusion.painter_loading import load_painter
from ekiben.inference.image_generation import Drawing, ImageGenerator, ImageSettings, Listener, Pixels, Source
from ekiben.settings import load_settings
from ekiben.telemetry.logs import configure_logging
from ekiben.testing.images import toy_image_card
from ekiben.worker.host import ModelHost
from ekiben.worker.image_servable import loads

CARD = toy_image_card(
    precision="fp32",
    images=Images(
        default_size=(32, 32),
        min_side=16,
        max_side=64,
        max_pixels=64 * 64,
        default_steps=4,
        max_steps=400,
        default_guidance_scale=3.0,
        max_guidance_scale=10.0,
        max_images=3,
        schedulers=("ddim", "euler", "euler_ancestral", "dpmpp_2m"),
    ),
)


class Counting:
    """A generator that writes down every step of its pictures."""

    def __init__(self, painter: ImageGenerator, steps: int) -> None:
        self.device = painter.device
        self.warm_up, self.read_source, self.close = painter.warm_up, painter.read_source, painter.close
        self._painter, self._steps = painter, steps

    @property
    def ready(self) -> bool:
        return self._painter.ready

    def submit(self, settings: ImageSettings, index: int, *, listener: Listener | None = None, **more: Any) -> Drawing:
        def counted(step: int, steps: int, preview: Pixels | None) -> None:
            os.write(self._steps, f"{os.getpid()} {settings.seed_of(index)} {step}\n".encode())
            if listener is not None:
                listener(step, steps, preview)

        return self._painter.submit(settings, index, listener=counted, **more)


def _no_source(_image: bytes, _mask: bytes | None, _size: tuple[int, int]) -> Source:
    raise AssertionError("these jobs begin with noise")


async def main(files: Path) -> None:
    """Serve until SIGTERM."""
    settings = load_settings()
    configure_logging("json", "info", sys.stderr, log_content=False)
    steps = os.open(os.environ["FAULTS_STEPS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def make(registry: CollectorRegistry) -> ImageGenerator:
        painter = load_painter(
            CARD,
            files,
            device="cpu",
            threads=1,
            read_source=_no_source,
            registry=registry,
            cache_dir=settings.cache_dir,
        )
        return Counting(painter, steps)

    place = make_plan([CARD], Machine(threads=2, memory_gib=8.0, gpus=())).of(CARD.name)
    host = ModelHost(CARD, loads(CARD, make, settings), place, settings)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await host.start()
    await stopping.wait()
    await host.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
