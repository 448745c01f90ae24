"""Low-rank adapters (LoRA) that a pipeline has loaded, switched between requests."""

from __future__ import annotations

from ekiben.diffusion.family import Pipeline
from ekiben.diffusion.request import Adapter


class Adapters:
    """Switches the adapters of one pipeline; switching to those in force costs nothing.

    Args:
        pipeline: With its adapters loaded.

    Attributes:
        names: Of the loaded adapters.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        loaded = pipeline.get_list_adapters() if _has_any(pipeline) else {}
        self.names = frozenset(name for names in loaded.values() for name in names)
        self._in_force: tuple[Adapter, ...] | None = None

    def use(self, adapters: tuple[Adapter, ...]) -> None:
        """Apply these, and no others, from now on; see `Family.use_adapters`."""
        if not self.names or adapters == self._in_force:
            return
        if adapters:
            self._pipeline.enable_lora()
            self._pipeline.set_adapters([one.name for one in adapters], [one.weight for one in adapters])
        else:
            self._pipeline.disable_lora()
        self._in_force = adapters


def _has_any(pipeline: Pipeline) -> bool:
    return any(getattr(component, "peft_config", None) for component in pipeline.components.values())
