"""A toy that draws."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from ekiben.cards.card import Batch, Card, Inputs, Runtime, Source, Task
from ekiben.cards.images import Images
from ekiben.errors import CheckpointRefused, EkibenError, InvalidRequest, Overloaded, ShuttingDown, Unavailable
from ekiben.inference.image_generation import (
    Checkpoints,
    Drawing,
    Drawn,
    Facts,
    ImageSettings,
    Listener,
    Pixels,
    Snapshot,
)
from ekiben.inference.image_generation import Source as SourceImage
from ekiben.inference.prompt_match import KnownWords
from ekiben.testing.embedding import toy_card

KNOWN: Final = KnownWords({"lake": ("water", 1.0)}, frozenset({"a"}))
_POLL_S: Final = 0.005


def toy_image_card(name: str = "toy-image", **changes: Any) -> Card:
    """A valid card of a model that draws pictures of 16 to 64 pixels a side; `changes` replace its fields.

    Its source has the files of whatever adapters it is given.
    """
    images: Images | None = changes.get("images")
    adapters = images.adapters.values() if images else ()
    names = ["model_index.json", *(adapter.file for adapter in adapters)]
    fields: dict[str, Any] = {
        "task": Task.TEXT_TO_IMAGE,
        "folder": Path("models/text-to-image"),
        "runtime": Runtime.DIFFUSERS,
        "source": Source(files={name: f"file:{name}" for name in names}),
        "inputs": Inputs(max_items=4, max_characters=200, max_pixels=1_000_000),
        "images": Images(
            default_size=(32, 32),
            min_side=16,
            max_side=64,
            max_pixels=64 * 64,
            default_steps=4,
            max_steps=20,
            default_guidance_scale=3.0,
            max_guidance_scale=10.0,
            max_images=3,
            schedulers=("ddim", "euler"),
        ),
        "batch": Batch(cost_unit="pixels", max_cost=8 * 64 * 64, max_items=4, max_queue_items=4),
    }
    return toy_card(name, **{**fields, **changes})


class ToyImageGenerator:
    """Draws one colour, which is the seed's, in as many steps as are asked for.

    Four words make trouble: `refuse` is refused, `overloaded` finds no room, `fail` fails after the first step, and
    `wait` waits there until `gate` is set. Asked for a `lake`, it says how much of the prompt it understood.

    Args:
        step_s: What each step takes, in seconds.
        version: Of the model; it does not go on from another version's checkpoints.
        stepped: Told of each step that is computed: seed and step.
    """

    def __init__(
        self, step_s: float = 0.0, version: str = "1.0.0", stepped: Callable[[int, int], None] | None = None
    ) -> None:
        self._step_s, self._version, self._stepped = step_s, version, stepped
        self.device = "cpu"
        self.ready = True
        self.gate = threading.Event()
        self.submitted: list[ImageSettings] = []
        self.sources: list[SourceImage | None] = []
        self.cancelled = 0
        self._threads = ThreadPoolExecutor(max_workers=8)

    def warm_up(self) -> None:
        """Nothing to warm."""

    def read_source(self, image: bytes, mask: bytes | None, size: tuple[int, int]) -> SourceImage:
        """Every file is a white picture, unless it is empty of sense."""
        if image == b"broken":
            raise InvalidRequest("image is damaged.", param="image")
        white = np.full((size[1], size[0], 3), 255, dtype=np.uint8)
        return SourceImage(white, None if mask is None else white[:, :, 0])

    def submit(
        self,
        settings: ImageSettings,
        index: int,
        *,
        source: SourceImage | None = None,
        deadline: float | None = None,  # noqa: ARG002 - a toy has time
        priority: int = 0,  # noqa: ARG002
        listener: Listener | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> Drawing:
        """Begin."""
        if "refuse" in settings.prompt:
            raise InvalidRequest("refused.", param="prompt")
        if "overloaded" in settings.prompt:
            raise Overloaded("no room.", retry_after_s=3)
        self.submitted.append(settings)
        self.sources.append(source)
        first = self._resumed(checkpoints, settings, index)
        drawing = _ToyDrawing()
        self._threads.submit(self._draw, drawing, settings, index, first, listener, checkpoints)
        return drawing

    def _resumed(self, checkpoints: Checkpoints | None, settings: ImageSettings, index: int) -> int:
        """The step to go on after."""
        if checkpoints is None or checkpoints.resume is None:
            return 0
        toy, version, seed, step = checkpoints.resume.decode().split()
        if (toy, version, seed) != ("toy", self._version, str(settings.seed_of(index))):
            raise CheckpointRefused("the checkpoint is another toy's.", param="checkpoint")
        return int(step)

    def _snapshot(self, settings: ImageSettings, index: int, step: int) -> Snapshot:
        state = f"toy {self._version} {settings.seed_of(index)} {step}".encode()
        return Snapshot(step, settings.steps, lambda: state)

    def _draw(
        self,
        drawing: _ToyDrawing,
        settings: ImageSettings,
        index: int,
        first: int,
        listener: Listener | None,
        checkpoints: Checkpoints | None,
    ) -> None:
        words = settings.prompt.split()
        for step in range(first + 1, settings.steps + 1):
            if drawing.suspending:
                if checkpoints is not None and step > 1:
                    checkpoints.keep(self._snapshot(settings, index, step - 1))
                drawing.fail(ShuttingDown("the toy is put away."))
                return
            time.sleep(self._step_s)
            if self._stepped is not None:
                self._stepped(settings.seed_of(index), step)
            if listener is not None and step < settings.steps:
                listener(step, settings.steps, _colour(settings, index) if settings.partial_images else None)
            every = checkpoints.every_steps if checkpoints else 0
            if checkpoints is not None and every and step < settings.steps and (step - first) % every == 0:
                checkpoints.keep(self._snapshot(settings, index, step))
            if "fail" in words:
                drawing.fail(Unavailable("the toy broke."))
                return
            while "wait" in words and not self.gate.wait(_POLL_S) and not drawing.is_called:
                pass
            if drawing.future.cancelled():
                self.cancelled += 1
                return
        seed = settings.seed_of(index)
        facts = Facts(
            seed=seed,
            width=settings.width,
            height=settings.height,
            steps=settings.steps,
            guidance_scale=settings.guidance_scale,
            scheduler=settings.scheduler,
            model="toy-image",
            version=self._version,
            evaluations=settings.steps,
            stages={"queue": 0.0, "denoise": 0.001},
            rows_per_step=1.0,
            prompt_match=KNOWN.match(settings.prompt) if "lake" in words else None,
        )
        if drawing.future.set_running_or_notify_cancel():
            drawing.future.set_result(Drawn(_colour(settings, index), facts))

    async def close(self) -> None:
        """End the threads."""
        self.gate.set()
        self._threads.shutdown(wait=False)


class _ToyDrawing:
    def __init__(self) -> None:
        self.future: Future[Drawn] = Future()
        self.suspending = False

    @property
    def is_called(self) -> bool:
        return self.suspending or self.future.cancelled()

    def cancel(self) -> bool:
        return self.future.cancel()

    def suspend(self) -> None:
        self.suspending = True

    def fail(self, error: EkibenError) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


def _colour(settings: ImageSettings, index: int) -> Pixels:
    colour = np.random.default_rng(settings.seed_of(index)).integers(0, 256, 3, dtype=np.uint8)
    return np.broadcast_to(colour, (settings.height, settings.width, 3)).copy()
