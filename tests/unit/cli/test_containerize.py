from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ekiben.cli.main import app
from ekiben.errors import BuildError
from tests.repo.paths import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bento_must_be_built_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path))
    with pytest.raises(BuildError, match="there is no Bento 'image_classification'"):
        CliRunner().invoke(app, ["containerize", "image_classification"], catch_exceptions=False)
    with pytest.raises(BuildError, match="no Bento can be read"):
        CliRunner().invoke(app, ["containerize", "platform:9.9.9"], catch_exceptions=False)
