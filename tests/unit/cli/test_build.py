from __future__ import annotations

import pytest
from typer.testing import CliRunner

from ekiben.cli.main import app
from ekiben.errors import BuildError
from tests.repo.paths import PROJECT


@pytest.mark.parametrize("option", ["--version", "--model"])
def test_what_is_said_of_one_target_needs_its_name(option: str) -> None:
    with pytest.raises(BuildError, match="name it"):
        CliRunner().invoke(app, ["build", option, "1.0.0"], catch_exceptions=False)


def test_an_unknown_target_is_told_which_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    with pytest.raises(BuildError, match="there are: image_classification"):
        CliRunner().invoke(app, ["build", "nope", "--dirty"], catch_exceptions=False)
