"""What listeners hear between steps: progress, previews and checkpoints, each as often as it was asked for."""

from __future__ import annotations

from ekiben.diffusion.entry import Entry
from ekiben.diffusion.family import Family
from ekiben.diffusion.generation import CheckpointTaken, Preview, Progress
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.pool import Pool
from ekiben.diffusion.preview import LatentPreview, is_due
from ekiben.diffusion.run_state import capture


class Reporting:
    """Tells the listeners of one engine.

    Args:
        family: The model.
        model: Which one it is, for checkpoints.
        pool: Where entries are told.
        preview: Makes previews; without one, none are sent.
    """

    def __init__(self, family: Family, model: ModelIdentity, pool: Pool, preview: LatentPreview | None) -> None:
        self._family = family
        self._model = model
        self._pool = pool
        self._preview = preview

    def stepped(self, entry: Entry) -> None:
        """Tell of a step that is done and was not the last."""
        if entry.wishes.listener is None:
            return
        run, wishes = entry.started, entry.wishes
        step, steps = run.step, len(run.timesteps)
        self._pool.tell(entry, Progress(step, steps))
        if self._preview is not None and is_due(step, steps, wishes.preview_every):
            shown = run.latents if run.estimate is None else run.estimate
            latents = self._family.unpack(shown, entry.request.width, entry.request.height)
            self._pool.tell(entry, Preview(step, steps, self._preview(latents)))
        if is_due(step, steps, wishes.checkpoint_every):
            self.checkpoint(entry)

    def checkpoint(self, entry: Entry) -> None:
        """Hand out where the picture is."""
        run = entry.started
        checkpoint = capture(run, self._family, self._model, entry.stopwatch)
        self._pool.tell(entry, CheckpointTaken(run.step, len(run.timesteps), checkpoint))
