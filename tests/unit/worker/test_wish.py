"""What a worker that starts finds out about its operator's wishes."""

from __future__ import annotations

from pathlib import Path

from ekiben.settings import load_settings
from ekiben.worker.wish import note_wish, wishes_loaded


def test_the_last_word_counts_then_the_setting(tmp_path: Path) -> None:
    settings = load_settings(run_dir=tmp_path, unloaded=("sleeper",))
    assert (wishes_loaded(settings, "sleeper"), wishes_loaded(settings, "toy")) == (False, True)
    note_wish(tmp_path, "sleeper", loaded=True)
    note_wish(tmp_path, "toy", loaded=False)
    assert (wishes_loaded(settings, "sleeper"), wishes_loaded(settings, "toy")) == (True, False)
