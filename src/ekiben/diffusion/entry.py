"""A request as the engine keeps it, from submitting to its one outcome."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.generation import Event, Generation, Wishes
from ekiben.diffusion.request import ImageRequest, SourceImage
from ekiben.diffusion.run import Run
from ekiben.diffusion.timing import Stopwatch


@dataclass(slots=True, eq=False)
class Entry:
    """See `selection.Candidate` for shape_key, cost, due and sequence.

    Attributes:
        source: What to start from; dropped once begun.
        checkpoint: Where to go on; dropped once begun.
        run: The picture in the making, once begun.
        kept: Steps and seconds of denoising behind its last checkpoint.
    """

    generation: Generation
    wishes: Wishes
    shape_key: Hashable
    cost: int
    due: float
    sequence: int
    stopwatch: Stopwatch
    source: SourceImage | None = None
    checkpoint: Checkpoint | None = None
    run: Run | None = None
    kept: tuple[int, float] = (0, 0.0)

    @property
    def request(self) -> ImageRequest:
        """What was asked for."""
        return self.generation.request

    @property
    def started(self) -> Run:
        """The run of an entry that has begun."""
        assert self.run is not None  # noqa: S101  # only batches that have begun reach those who ask
        return self.run

    @property
    def steps_left(self) -> int:
        """Steps that it still has; before it has begun, those asked for."""
        if self.run is not None:
            return len(self.run.timesteps) - self.run.step
        done = self.checkpoint.header.step if self.checkpoint else 0
        return max(1, self.request.steps - done)

    def tell(self, event: Event) -> None:
        """Tell the listener, if there is one."""
        if self.wishes.listener is not None:
            self.wishes.listener(event)
