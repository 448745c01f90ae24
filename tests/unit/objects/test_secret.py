"""The secret that signs links."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ekiben.errors import ConfigurationError
from ekiben.objects.secret import kept_secret


def test_it_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secret"
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(kept_secret, [path] * 32))
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert [each.name for each in path.parent.iterdir()] == ["secret"]
    assert kept_secret(tmp_path / "other") != kept_secret(path)


def test_a_secret_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x" * 64)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        kept_secret(path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(ConfigurationError, match="too short"):
        kept_secret(path)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        kept_secret(path / "below")
