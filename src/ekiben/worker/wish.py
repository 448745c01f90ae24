"""Whether the operator wants a model in memory: what was said last, for workers that start later."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ekiben.settings import Settings

WISH_SUFFIX: Final = ".wish"
_LOADED, _UNLOADED = "loaded", "unloaded"


def wishes_loaded(settings: Settings, model: str) -> bool:
    """What was said while the platform runs; else what `EKIBEN_UNLOADED` says."""
    try:
        return _file(settings.run_dir, model).read_text() != _UNLOADED
    except FileNotFoundError:
        return model not in settings.unloaded


def note_wish(run_dir: Path, model: str, *, loaded: bool) -> None:
    """Remember what the operator said."""
    path = _file(run_dir, model)
    written = path.with_suffix(".new")
    written.write_text(_LOADED if loaded else _UNLOADED)
    written.replace(path)


def _file(run_dir: Path, model: str) -> Path:
    return run_dir / f"{model}{WISH_SUFFIX}"
