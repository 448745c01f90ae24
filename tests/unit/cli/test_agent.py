"""`ekiben agent`: what it refuses to start with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.cli.failures import run
from ekiben.cli.main import app


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--hook", "ending"], "--group"),
        (["--metadata", "169.254.169.254"], "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
    ],
)
def test_a_wrong_option_is_one_line_that_names_it(
    options: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EKIBEN_RUN_DIR", str(tmp_path))
    with pytest.raises(SystemExit, match="1"):
        run(app, ["agent", *options])
    told = capsys.readouterr().err
    assert named in told
    assert len(told.splitlines()) == 1


def test_the_run_folder_must_be_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("EKIBEN_RUN_DIR", raising=False)
    with pytest.raises(SystemExit, match="1"):
        run(app, ["agent"])
    assert "EKIBEN_RUN_DIR" in capsys.readouterr().err
