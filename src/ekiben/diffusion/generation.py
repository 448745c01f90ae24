"""What the caller holds while a picture is made, and what it is told on the way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.request import ImageRequest, Pixels
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.diffusion.timing import Timing


@dataclass(frozen=True, slots=True, eq=False)
class GeneratedImage:
    """A finished picture.

    Attributes:
        pixels: [height, width, 3].
        request: What was asked for, seed included.
        scheduler: The one that was used.
        evaluations: Forwards of the denoiser; some schedulers take more of them than steps, a source image fewer.
        timing: Where the time went.
    """

    pixels: Pixels
    request: ImageRequest
    scheduler: SchedulerName
    evaluations: int
    timing: Timing


@dataclass(frozen=True, slots=True)
class Progress:
    """A step is done."""

    step: int
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What the picture looks like so far, at one pixel for each latent pixel."""

    step: int
    steps: int
    pixels: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class CheckpointTaken:
    """The picture can be continued from here."""

    step: int
    steps: int
    checkpoint: Checkpoint


Event = Progress | Preview | CheckpointTaken
Listener = Callable[[Event], None]
"""Called on the device's thread: it must hand the event on at once and neither wait nor raise."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for besides the picture.

    Attributes:
        deadline: The moment on the engine's clock after which the picture is worthless; infinity for none.
        priority: Higher goes first; a step is worth `ageing_s` of waiting.
        listener: Told of progress; None for nobody.
        preview_every: Steps between previews; 0 for none.
        checkpoint_every: Steps between checkpoints; 0 for any number.
        checkpoint_every_s: Seconds of denoising between checkpoints; 0 for any number. Where both are 0 there are none.
    """

    deadline: float = float("inf")
    priority: int = 0
    listener: Listener | None = None
    preview_every: int = 0
    checkpoint_every: int = 0
    checkpoint_every_s: float = 0.0


class Generation:
    """A submitted request; safe to use from any thread.

    Attributes:
        request: What was asked for.
        future: Ends once: with the picture, an `EkibenError`, or cancelled.
        suspending: Whether it is to end before the next step.
    """

    def __init__(self, request: ImageRequest) -> None:
        self.request = request
        self.future: Future[GeneratedImage] = Future()
        self.suspending = False

    def cancel(self) -> bool:
        """Stop before the next step; returns whether it was in time."""
        return self.future.cancel()

    def suspend(self) -> None:
        """End before the next step with `ShuttingDown`, after the listener was handed a last checkpoint."""
        self.suspending = True

    def result(self, timeout_s: float | None = None) -> GeneratedImage:
        """Wait for the picture.

        Raises:
            EkibenError: It failed.
            CancelledError: It was cancelled.
            TimeoutError: It is not there yet.
        """
        return self.future.result(timeout_s)
