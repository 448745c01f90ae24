"""How far the pictures of one job are, together."""

from __future__ import annotations

from ekiben.inference.image_generation import ImageSettings, Preview, Step
from ekiben.jobs import Pointer
from ekiben.worker.jobs.image_state import ImageState
from ekiben.worker.jobs.workbench import Workbench


class ImageProgress:
    """Adds up steps, and tells the bench.

    Args:
        settings: What is drawn.
        state: What was there when it began.
        bench: Told of progress, and of the steps that are computed here.
    """

    def __init__(self, settings: ImageSettings, state: ImageState, bench: Workbench) -> None:
        self._bench = bench
        self._of = dict.fromkeys(range(settings.n), settings.steps)
        self._done = dict.fromkeys(self._of, 0)
        self._done |= {index: begun.step for index, begun in state.begun.items()}
        self._done |= {index: self._of[index] for index in state.finished}

    def stepped(self, step: Step) -> None:
        """A picture has come to this step; with a source image there are fewer than were asked for."""
        self._of[step.index] = step.steps
        self._advance(step.index, step.step)

    def previewed(self, preview: Preview, stored: Pointer | None) -> None:
        """A picture can be shown as it is at this step."""
        self._of[preview.index] = preview.steps
        self._advance(preview.index, preview.step, stored)

    def finished(self, index: int) -> None:
        """A picture is done."""
        self._advance(index, self._of[index])

    def _advance(self, index: int, step: int, preview: Pointer | None = None) -> None:
        self._bench.computed(max(0, step - self._done[index]))
        self._done[index] = max(step, self._done[index])
        self._bench.tell(sum(self._done.values()), sum(self._of.values()), preview)
