"""An engine on a device's thread, which it may share with other models."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ekiben.batching.delivery import post
from ekiben.errors import EkibenError, Internal, ShuttingDown

if TYPE_CHECKING:
    from ekiben.batching.device import DeviceThread, Turn
    from ekiben.diffusion.checkpoint import Checkpoint
    from ekiben.diffusion.engine import Engine
    from ekiben.diffusion.generation import Generation, Wishes
    from ekiben.diffusion.request import ImageRequest, SourceImage

_log = logging.getLogger(__name__)


class DiffusionLane:
    """A `Lane`: its turns are steps of the engine.

    Args:
        engine: Whose steps; its clock must be the device's.
        device: The thread to run on.

    Raises:
        Unavailable: The device's thread has ended.
    """

    def __init__(self, engine: Engine, device: DeviceThread) -> None:
        self._engine = engine
        self._device = device
        device.attach(self)

    def submit(
        self,
        request: ImageRequest,
        *,
        source: SourceImage | None = None,
        checkpoint: Checkpoint | None = None,
        wishes: Wishes | None = None,
    ) -> Generation:
        """As `Engine.submit`, and wake the device."""
        generation = self._engine.submit(request, source=source, checkpoint=checkpoint, wishes=wishes)
        with self._device.changed:
            self._device.changed.notify()
        return generation

    async def suspend(self) -> None:
        """End every picture between two steps, with a checkpoint each; then leave the device.

        Raises:
            Unavailable: The device's thread has ended.
        """
        await self._device.call(self._engine.suspend)
        self._device.detach(self)

    async def drain(self) -> None:
        """Take nothing more, finish what is there, then leave the device."""
        generations = self._engine.close(ShuttingDown("This model is shutting down."), drain=True)
        for generation in generations:
            await _ended(generation)
        self._device.detach(self)

    def take(self, now: float) -> Turn | float | None:  # noqa: ARG002  # the engine looks at its own clock
        """See `Lane`."""
        return self._step if self._engine.has_work else None

    def abandon(self, error: EkibenError) -> None:
        """See `Lane`."""
        self._engine.close(error)

    def _step(self) -> None:
        try:
            self._engine.step()
        except Exception:  # noqa: BLE001  # a defect of the engine: its callers hear of it, other models' do not
            _log.exception("the diffusion engine failed")
            self._engine.fail_all(Internal("The diffusion engine failed."))


async def _ended(generation: Generation) -> None:
    """Wait until it has; also one that was cancelled, for which `concurrent.futures.wait` would wait for ever."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    generation.future.add_done_callback(lambda _: post(loop, ended.set))
    await ended.wait()
