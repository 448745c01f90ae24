"""A queue as the settings say."""

from __future__ import annotations

from pathlib import Path

from ekiben.jobs import QueueRules, open_store
from ekiben.settings import load_settings


def test_what_an_operator_sets_is_the_queues_rule(tmp_path: Path) -> None:
    settings = load_settings(run_dir=tmp_path, job_lease_s=3, job_retention_s=90, job_max_kept=5)
    assert open_store(settings).rules == QueueRules(lease_ms=3_000, retention_ms=90_000, max_kept_each=5)
    assert open_store(load_settings(run_dir=tmp_path)).rules == QueueRules()
