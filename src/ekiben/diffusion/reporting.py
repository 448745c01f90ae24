"""What listeners hear between steps: progress, previews and checkpoints, each as often as it was asked for."""

from __future__ import annotations

from collections.abc import Callable

from ekiben.diffusion.entry import Entry
from ekiben.diffusion.family import Family
from ekiben.diffusion.generation import CheckpointTaken, Preview, Progress
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.memory import give_back, is_out_of_memory
from ekiben.diffusion.pool import Pool
from ekiben.diffusion.preview import MakePreview, is_due
from ekiben.diffusion.run_state import capture


class Reporting:
    """Tells the listeners of one engine.

    Args:
        family: The model.
        model: Which one it is, for checkpoints.
        pool: Where entries are told.
        preview: Makes previews; without one, none are sent.
    """

    def __init__(self, family: Family, model: ModelIdentity, pool: Pool, preview: MakePreview | None) -> None:
        self._family = family
        self._model = model
        self._pool = pool
        self._preview = preview

    def stepped(self, entry: Entry) -> None:
        """Tell of a step that is done and was not the last."""
        if entry.wishes.listener is not None:
            self._guarded(entry, self._tell)

    def suspended(self, entry: Entry) -> None:
        """Hand out a last checkpoint, if there is anything to go on from."""
        if entry.wishes.listener is not None and entry.run is not None and entry.run.step > 0:
            self._guarded(entry, self._checkpoint)

    def _guarded(self, entry: Entry, tell: Callable[[Entry], None]) -> None:
        try:
            tell(entry)
        except Exception as error:  # noqa: BLE001  # nobody else's fault
            self._pool.fail(entry, error)

    def _tell(self, entry: Entry) -> None:
        run = entry.started
        self._pool.tell(entry, Progress(run.step, len(run.timesteps)))
        self._if_there_is_memory(entry, self._show)
        if _checkpoint_due(entry):
            self._if_there_is_memory(entry, self._checkpoint)

    def _if_there_is_memory(self, entry: Entry, tell: Callable[[Entry], None]) -> None:
        """A picture goes on without a preview, and a checkpoint comes after the next step instead."""
        try:
            tell(entry)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            give_back(self._family.device)

    def _show(self, entry: Entry) -> None:
        run, step, steps = entry.started, entry.started.step, len(entry.started.timesteps)
        if self._preview is not None and is_due(step, steps, entry.wishes.preview_every):
            shown = run.latents if run.estimate is None else run.estimate
            latents = self._family.unpack(shown, entry.request.width, entry.request.height)
            self._pool.tell(entry, Preview(step, steps, self._preview(latents)))

    def _checkpoint(self, entry: Entry) -> None:
        run = entry.started
        checkpoint = capture(run, self._family, self._model, entry.stopwatch)
        entry.kept = (run.step, entry.stopwatch.denoise_s)
        self._pool.tell(entry, CheckpointTaken(run.step, len(run.timesteps), checkpoint))


def _checkpoint_due(entry: Entry) -> bool:
    """Whether so many steps, or so much work, would be lost that the next checkpoint is worth its cost."""
    run, wishes, (kept_step, kept_s) = entry.started, entry.wishes, entry.kept
    if run.is_done:
        return False
    by_steps = wishes.checkpoint_every > 0 and run.step - kept_step >= wishes.checkpoint_every
    by_time = wishes.checkpoint_every_s > 0 and entry.stopwatch.denoise_s - kept_s >= wishes.checkpoint_every_s
    return by_steps or by_time
