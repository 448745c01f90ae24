"""The commands, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ekiben.cli.spot import app
from ekiben.deploy.spot.clients import Clients
from tests.unit.deploy.spot.account import account
from tests.unit.deploy.spot.acting import differing, up
from tests.unit.deploy.spot.files import CONFIG, write_config


def _run(*words: str, typed: str = "") -> str:
    done = CliRunner().invoke(app, list(words), input=typed)
    assert done.exit_code == 0 or typed, done.output
    return done.output


@pytest.mark.usefixtures("aws")
def test_a_plan_says_what_would_be_made_what_it_costs_and_which_rights_it_takes(config_file: Path) -> None:
    shown = _run("plan", "--config", str(config_file))
    assert "create  Auto Scaling group workers-sd-1.5" in shown
    assert "38 to make" in shown
    assert "sd-1.5  g5.xlarge    1         2      $1.0060" in shown
    assert "ec2: AssociateRouteTable" in shown


@pytest.mark.usefixtures("aws")
def test_without_a_measurement_there_is_no_cost_of_pictures(tmp_path: Path) -> None:
    workers = [{**CONFIG["workers"][0], "types": {"g5.xlarge": None, "g6.xlarge": None}}]
    facts = json.loads(_run("plan", "--json", "--config", str(write_config(tmp_path, workers=workers))))
    assert [each["usd_per_1000_spot"] for each in facts["types"]] == [None, None]
    assert [each["on_demand"] for each in facts["types"]] == [1.006, 0.8048]
    assert any("nothing was measured" in note for note in facts["notes"])
    assert facts["months"][1]["on_demand"] == pytest.approx(0.8048 * 4 * 730)


def test_up_asks_first(aws: Clients, config_file: Path) -> None:
    before = account(aws)
    assert "Go on?" in _run("up", "--config", str(config_file), typed="n\n")
    assert account(aws) == before


def test_down_shows_first_and_removes_when_told(aws: Clients, tmp_path: Path) -> None:
    config_file = write_config(tmp_path, budget=None)  # Moto cannot say who is told of a budget.
    before = account(aws)
    up(aws, config_file)
    assert "nothing was removed" in _run("down", "--config", str(config_file))
    assert differing(aws, config_file) == []
    assert "down: nothing with the deployment's tag is left" in _run("down", "--yes", "--config", str(config_file))
    assert {kind: set(things) for kind, things in account(aws).items()} == {k: set(v) for k, v in before.items()}
