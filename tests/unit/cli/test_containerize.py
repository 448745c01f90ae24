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


def test_a_bento_of_another_service_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bento = tmp_path / "bentos" / "toy"
    (bento / "1.0.0").mkdir(parents=True)
    (bento / "latest").write_text("1.0.0")
    (bento / "1.0.0" / "bento.yaml").write_text(
        "{name: toy, version: 1.0.0, service: 'services.text_embedding.service:TextEmbedding', labels: {models: toy},"
        " models: [], services: []}"
    )
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path))
    command = ["containerize", "image_classification", "--model", "toy", "--render"]
    with pytest.raises(BuildError, match=r"toy:1\.0\.0 is no Bento of image_classification: it serves services\.text"):
        CliRunner().invoke(app, command, catch_exceptions=False)
