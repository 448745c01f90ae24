"""What a pull needs to know of its surroundings; read by the edge, passed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ekiben.weights.hub import Hub
from ekiben.weights.lock import LOCK_FILE

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PullOptions:
    """Folders and the model hub.

    Attributes:
        models_dir: The folder of cards; `file:` sources are relative to it and the lock lies in it.
        bentoml_home: BentoML's home; weights are stored under its `models/`.
        cache_dir: Where half-fetched files wait to be resumed.
        hf_endpoint: The model hub's address.
        hf_token: For gated models; sent to the hub's own host only and never shown.
    """

    models_dir: Path
    bentoml_home: Path
    cache_dir: Path
    hf_endpoint: str = "https://huggingface.co"
    hf_token: str | None = field(default=None, repr=False)

    @property
    def lock_file(self) -> Path:
        """Where every file's size and digest is written down."""
        return self.models_dir / LOCK_FILE

    def hub(self) -> Hub:
        """Return the model hub."""
        return Hub(self.hf_endpoint, self.hf_token)
