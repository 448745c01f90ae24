"""How a request becomes a run: checked when it is submitted, encoded and begun when its first turn comes."""

from __future__ import annotations

from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.entry import Entry
from ekiben.diffusion.family import Conditions, Family
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.noise import seeded
from ekiben.diffusion.prompts import PromptCache
from ekiben.diffusion.request import ImageRequest, SourceImage
from ekiben.diffusion.run import Run
from ekiben.diffusion.run_state import resume
from ekiben.diffusion.schedulers import make_scheduler
from ekiben.diffusion.start import begin, schedule
from ekiben.errors import CheckpointRefused, InvalidRequest


class Beginning:
    """Begins runs for one model.

    Args:
        family: The model.
        prompt_cache_bytes: Most that encoded prompts may take.
    """

    def __init__(self, family: Family, prompt_cache_bytes: int) -> None:
        self._family = family
        self._prompts = PromptCache(prompt_cache_bytes)

    def check(
        self, request: ImageRequest, source: SourceImage | None, checkpoint: Checkpoint | None, model: ModelIdentity
    ) -> None:
        """Refuse what cannot be begun, before it waits for its turn; from any thread.

        Raises:
            InvalidRequest: The model cannot do it.
            CheckpointRefused: It belongs to another model or request.
        """
        unknown = sorted({adapter.name for adapter in request.adapters} - self._family.adapters)
        if unknown:
            raise InvalidRequest(f"This model has no adapter {unknown[0]!r}.", param="adapters")
        if checkpoint is not None:
            checkpoint.check_model(model, self._family.name)
            if checkpoint.header.request != request:
                raise CheckpointRefused("The checkpoint belongs to another request.", param="checkpoint")
        else:
            self._family.check(request, source)
        scheduler = make_scheduler(self._family.scheduler, request.scheduler)
        schedule(self._family, scheduler, request, has_source=source is not None)

    def begin(self, entry: Entry) -> None:
        """Give an entry its run; what it began from is let go.

        Raises:
            CheckpointRefused: Its tensors are not of this model.
        """
        request = entry.request
        conditions = self._family.conditions(request, lambda text: self._encode(text, entry))
        if entry.checkpoint is not None:
            entry.run = resume(entry.checkpoint, self._family, conditions)
            spent = entry.checkpoint.header
            entry.stopwatch.carry_on(
                encode_s=spent.encode_s, denoise_s=spent.denoise_s, evaluations=spent.evaluations, rows=spent.rows
            )
            entry.kept = (spent.step, spent.denoise_s)
        else:
            entry.run = self._fresh(request, entry.source, conditions)
        entry.source = entry.checkpoint = None

    def _fresh(self, request: ImageRequest, source: SourceImage | None, conditions: tuple[Conditions, ...]) -> Run:
        scheduler = make_scheduler(self._family.scheduler, request.scheduler)
        timesteps = schedule(self._family, scheduler, request, has_source=source is not None)
        generator = seeded(request.seed)
        start = begin(self._family, scheduler, timesteps, request, source, generator)
        return Run(
            request=request,
            scheduler=scheduler,
            generator=generator,
            timesteps=timesteps,
            conditions=conditions,
            latents=start.latents,
            has_source=source is not None,
            repaint=start.repaint,
            channels=start.channels,
        )

    def _encode(self, text: str, entry: Entry) -> Conditions:
        return self._prompts.get(text, entry.request.adapters, self._family.encode)
