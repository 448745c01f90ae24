"""The one page between serving and models that draw.

A runtime implements `ImageGenerator`. It knows nothing of callers, files or formats; the worker knows nothing of
latents, schedulers or devices. A request is for one or more pictures, each of which flows through:

    read_source   a source image and a mask, decoded             blocks; not on the event loop
    submit        check, then wait and be computed               raises EkibenError
    listener      told of steps and previews, on the device's thread
    Checkpoints   where to go on from, and who is handed the state between two steps
    Drawing       ends once, with pixels or an error; cancelling it stops the computing before the next step
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ekiben.inference.prompt_match import PromptMatch

OutputFormat: TypeAlias = Literal["png", "jpeg", "webp"]

MAX_SEED = 2**63 - 1

Pixels: TypeAlias = NDArray[np.uint8]
"""A picture: [height, width, 3], red, green, blue."""


@dataclass(frozen=True, slots=True)
class AdapterWeight:
    """A low-rank adapter of the card, and how much of it to add."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """What to draw, with nothing left open: `ekiben.inference.image_limits.settled` fills in the card's defaults.

    Attributes:
        width: In pixels.
        height: In pixels.
        steps: Denoising steps; with a source image, `strength` leaves out the first of them.
        seed: Of the first picture; the following ones have the following seeds.
        n: Pictures.
        strength: How much of a source image is noised over, above 0 and up to 1.
        partial_images: Previews of each picture, at most; who reads slowly gets the newest only.
        progress: Whether steps are told; who reads slowly hears of the newest only.
        output_compression: Quality of lossy formats, in percent; 100 for WebP is lossless.
    """

    prompt: str
    width: int
    height: int
    steps: int
    guidance_scale: float
    seed: int
    scheduler: str
    negative_prompt: str | None = None
    n: int = 1
    strength: float = 0.8
    adapters: tuple[AdapterWeight, ...] = ()
    partial_images: int = 0
    progress: bool = False
    output_format: OutputFormat = "png"
    output_compression: int = 100

    def seed_of(self, index: int) -> int:
        """The seed of picture `index`, counted from 0."""
        return (self.seed + index) % (MAX_SEED + 1)


@dataclass(frozen=True, slots=True)
class ImageGenerationRequest:
    """Settings, and the source image and mask as the files that came."""

    settings: ImageSettings
    image: bytes | None = None
    mask: bytes | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of picture `index` is done."""

    index: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What picture `index` looks like so far, as a file in the wanted format; `number` counts its previews from 0."""

    index: int
    number: int
    step: int
    steps: int
    image: bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of a finished picture.

    Attributes:
        steps: Denoising steps asked for; with a source image fewer were computed.
        evaluations: Forwards of the denoiser.
        stages: Seconds by stage: queue, encode, denoise, decode; the worker adds the one of writing the file.
        rows_per_step: Denoiser rows in a forward, on average: its own and its neighbours'.
        prompt_match: How much of the prompt was understood, of models that know a list of things.
    """

    seed: int
    width: int
    height: int
    steps: int
    guidance_scale: float
    scheduler: str
    model: str
    version: str
    evaluations: int
    stages: Mapping[str, float] = field(default_factory=dict)
    rows_per_step: float = 0.0
    prompt_match: PromptMatch | None = None


@dataclass(frozen=True, slots=True)
class FinishedImage:
    """Picture `index` as a file in the wanted format."""

    index: int
    image: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class ImagesEnd:
    """The last event: every picture is there; `stages` are seconds of the request as a whole, for `Server-Timing`."""

    stages: Mapping[str, float] = field(default_factory=dict)


ImageEvent: TypeAlias = Step | Preview | FinishedImage | ImagesEnd


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A source image of the picture's size, and where it is painted anew: [height, width], 255 there, 0 elsewhere."""

    pixels: Pixels
    mask: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A finished picture."""

    pixels: Pixels
    facts: Facts


Listener: TypeAlias = Callable[[int, int, Pixels | None], None]
"""Told of step, steps, and a preview where one was due; on the device's thread: it must neither wait nor raise.

A preview may be smaller than the picture.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The state of a picture between two steps.

    Attributes:
        step: So many are done, of `steps`.
        write: Writes it down as bytes; may take a moment, on any thread.
    """

    step: int
    steps: int
    write: Callable[[], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoints:
    """How a picture outlives its worker.

    Attributes:
        keep: Handed snapshots, on the device's thread: it must neither wait nor raise. The last one comes when the
            picture is suspended.
        every_steps: Steps between two snapshots, at most; 0 for any number.
        every_s: Seconds of computing between two, at most; 0 for any number.
        resume: What an earlier snapshot wrote, to go on from there.
    """

    keep: Callable[[Snapshot], None]
    every_steps: int = 0
    every_s: float = 0.0
    resume: bytes | None = None


class Drawing(Protocol):
    """A picture on its way."""

    @property
    def future(self) -> Future[Drawn]:
        """Ends once: with the picture, an `EkibenError`, or cancelled."""

    def cancel(self) -> bool:
        """Stop before the next step; returns whether it was in time."""

    def suspend(self) -> None:
        """Hand out a last snapshot before the next step, and end with `ShuttingDown`; one not begun has none."""


class ImageGenerator(Protocol):
    """A loaded model; `submit` and `cancel` may be called from any thread."""

    device: str

    @property
    def ready(self) -> bool:
        """Whether it can take requests now."""

    def warm_up(self) -> None:
        """Do what a first request would otherwise pay for; blocks, called before readiness."""

    def read_source(self, image: bytes, mask: bytes | None, size: tuple[int, int]) -> Source:
        """Decode a source image and its mask and scale them to width and height; blocks.

        Raises:
            InvalidRequest: Not pictures that are taken; `param` is `image` or `mask`.
        """

    def submit(
        self,
        settings: ImageSettings,
        index: int,
        *,
        source: Source | None = None,
        deadline: float | None = None,
        priority: int = 0,
        listener: Listener | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> Drawing:
        """Ask for picture `index` of a request.

        Args:
            settings: What to draw; its seed is `settings.seed_of(index)`.
            index: Counted from 0.
            source: What to start from.
            deadline: On `time.monotonic()`; None for no deadline.
            priority: Higher goes first.
            listener: Told of progress.
            checkpoints: Where to go on from, and who is handed the state on the way; None for nobody.

        Raises:
            CheckpointRefused: What to go on from belongs to another model, version or request.
            EkibenError: It is not taken.
        """

    async def close(self) -> None:
        """Finish what was accepted, then let go of memory and device."""
