from __future__ import annotations

import pytest
from typer.testing import CliRunner

from ekiben.cli.main import app
from ekiben.errors import BuildError
from tests.repo.paths import PROJECT


def test_one_version_for_all_targets_is_refused() -> None:
    with pytest.raises(BuildError, match="name it"):
        CliRunner().invoke(app, ["build", "--version", "1.0.0"], catch_exceptions=False)


def test_an_unknown_target_is_told_which_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    with pytest.raises(BuildError, match="there are: image_classification"):
        CliRunner().invoke(app, ["build", "nope", "--dirty"], catch_exceptions=False)
