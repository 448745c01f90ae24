"""The pictures of one request: asked for together, given up together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

from ekiben.inference.image_generation import Checkpoints, Drawing, ImageGenerator, ImageSettings, Source
from ekiben.worker.image_mailbox import ImageMailbox


class Drawings:
    """Every picture of one request at a generator.

    Args:
        generator: The model.
        settings: What to draw; `settings.n` pictures.
        mailbox: Told of everything that happens to them.
        checkpoints: Of those to be drawn, by index; None: all of them, and nobody is handed their state.
    """

    def __init__(
        self,
        generator: ImageGenerator,
        settings: ImageSettings,
        mailbox: ImageMailbox,
        checkpoints: Mapping[int, Checkpoints] | None = None,
    ) -> None:
        self._generator, self._settings, self._mailbox = generator, settings, mailbox
        self._checkpoints: Mapping[int, Checkpoints | None]
        self._checkpoints = dict.fromkeys(range(settings.n)) if checkpoints is None else checkpoints
        self._drawings: list[Drawing] = []
        self._given_up = threading.Event()
        self._is_watched = settings.progress or settings.partial_images > 0

    def submit(self, source: Source | None, deadline: float | None, priority: int) -> None:
        """Ask for all of them; for none if one is refused. Blocks for a moment: not for the event loop.

        Raises:
            EkibenError: One is not taken.
        """
        try:
            for index, checkpoints in self._checkpoints.items():
                drawing = self._generator.submit(
                    self._settings,
                    index,
                    source=source,
                    deadline=deadline,
                    priority=priority,
                    listener=self._mailbox.listener(index) if self._is_watched else None,
                    checkpoints=checkpoints,
                )
                self._drawings.append(drawing)
                self._mailbox.watch(index, drawing)
                if self._given_up.is_set():
                    break
        except BaseException:
            self._given_up.set()
            raise
        finally:
            if self._given_up.is_set():
                self._cancel_all()

    def give_up(self) -> None:
        """Stop what is not finished before its next step; also what another thread is about to ask for."""
        self._given_up.set()
        self._cancel_all()

    def suspend(self) -> None:
        """End each between two steps, with a last snapshot."""
        for drawing in list(self._drawings):
            drawing.suspend()

    async def ended(self) -> None:
        """Wait until each has ended, however."""
        futures = [asyncio.wrap_future(drawing.future) for drawing in self._drawings]
        await asyncio.gather(*futures, return_exceptions=True)

    def _cancel_all(self) -> None:
        for drawing in list(self._drawings):
            drawing.cancel()
