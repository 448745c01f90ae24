from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ekiben.cli.cost import cost
from ekiben.errors import OperatorError

MEASURED = """\
- {model: sd-1.5, instance_type: g5.xlarge, images_per_s: 1.0, batch: 4, source: toy}
- {model: sdxl, instance_type: g5.xlarge, images_per_s: 0.25, source: toy}
- {model: sd-1.5, instance_type: p4d.24xlarge, images_per_s: 32.0, gpus: 8, batch: 8, source: toy}
"""


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(cost)
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.fixture
def measured(tmp_path: Path) -> str:
    path = tmp_path / "measured.yaml"
    path.write_text(MEASURED)
    return str(path)


def test_without_a_measurement_nothing_is_made_up() -> None:
    with pytest.raises(OperatorError, match="no measurement"):
        run()


def test_models_types_and_markets_side_by_side(measured: str) -> None:
    found = json.loads(run("--measurements", measured, "--spot-price", "g5.xlarge=0.36", "--json").stdout)
    costs = {(q["model"], q["instance_type"], q["market"]): q["usd_per_1000_images"] for q in found["quotes"]}
    assert costs["sd-1.5", "g5.xlarge", "spot"] == pytest.approx(0.1)
    assert costs["sdxl", "g5.xlarge", "spot"] == pytest.approx(0.4)
    assert costs["sd-1.5", "p4d.24xlarge", "on-demand"] == pytest.approx(32.7726 / 3.6 / 32)
    assert found["sizes"] == []


def test_the_table_names_the_day_of_its_prices_and_what_has_changed(measured: str) -> None:
    shown = run("--measurements", measured, "--rate", "3").stdout
    assert "list prices in us-east-1 as of" in shown
    assert "The price of p4d.24xlarge is known to have changed since." in shown
    assert "USD/MONTH" in shown


def test_a_stated_throughput() -> None:
    assert "0.5589" in run("--instance", "g5.xlarge", "--images-per-second", "0.5").stdout


@pytest.mark.parametrize(
    "arguments",
    [("--images-per-second", "1"), ("--instance", "g5.xlarge", "--images-per-second", "1", "--spot-price", "x")],
)
def test_half_a_statement(arguments: tuple[str, ...]) -> None:
    with pytest.raises(OperatorError):
        run(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [("--refresh", "new.yaml"), ("--instance", "g5.xlarge", "--images-per-second", "1", "--spot-history")],
)
def test_without_credentials_it_is_told_what_to_do(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OperatorError, match="no AWS credentials were found: set AWS_PROFILE"):
        run(*arguments)
