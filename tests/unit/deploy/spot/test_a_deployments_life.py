"""A deployment from its first plan to its end, by the commands, as the runbook has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ekiben.cli.spot import app
from ekiben.deploy.spot.clients import Clients
from tests.unit.deploy.operating.refreshes import Refreshes
from tests.unit.deploy.spot.acting import ToMoto
from tests.unit.deploy.spot.files import CONFIG, write_config

MODEL = "sd-1.5"


@pytest.fixture
def run(aws: Clients, config_file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command, with images that go to moto's ECR and the fixture's clients."""
    monkeypatch.setattr("ekiben.deploy.spot.clients.make_clients", lambda _: aws)
    monkeypatch.setattr("ekiben.cli.spot_plan.make_pusher", lambda _: ToMoto(aws))
    monkeypatch.setattr("ekiben.cli.spot_up.make_pusher", lambda _: ToMoto(aws))
    monkeypatch.setattr("time.sleep", lambda _: None)

    def command(*arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments, "--config", str(config_file)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return command


def test_from_the_first_plan_to_nothing(run: Any, aws: Clients, config_file: Path) -> None:
    assert "create  VPC network" in run("plan")
    made = run("up", "--yes")
    assert "up: http://" in made
    assert "rotate" not in made
    assert run("up", "--yes").endswith(" as wanted\n")

    shown = run("status")
    assert "control-node" in shown
    assert f"workers-{MODEL}" in shown
    assert "jobs unknown: EKIBEN_BASE_URL is not set" in shown
    facts = json.loads(run("status", "--json"))
    assert {each["role"] for each in facts["instances"]} == {
        "control-node",
        f"workers-{MODEL}",
    }
    assert "without a known price" in run("cost")

    new = [{**CONFIG["workers"][0], "image": "text_to_image:1.1.0-cuda"}]
    write_config(config_file.parent, workers=new)
    assert f"`ekiben spot rotate {MODEL}` brings it into use" in run("up", "--yes")
    assert run("up", "--yes").endswith(" as wanted\n")
    refreshes = Refreshes(aws.autoscaling, ("InProgress", 50, ""), ("Successful", 100, ""))
    assert run("rotate", MODEL) == f"{MODEL} InProgress 50 %\n{MODEL} Successful 100 %\n"
    (started,) = refreshes.started
    assert started["Preferences"]["AlarmSpecification"] == {"Alarms": ["ekiben-pictures-errors"]}

    # What AWS does at the end of a refresh.
    policy = started["DesiredConfiguration"]["MixedInstancesPolicy"]
    aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName=started["AutoScalingGroupName"], MixedInstancesPolicy=policy
    )
    assert run("rollback", MODEL) == f"{MODEL} Successful 100 %\n"
    back = refreshes.started[1]["DesiredConfiguration"]["MixedInstancesPolicy"]["LaunchTemplate"]
    assert back["LaunchTemplateSpecification"]["Version"] == "1"

    instance = next(each["id"] for each in facts["instances"] if each["role"] == f"workers-{MODEL}")
    assert f"{instance} is gone" in run("drain", instance)

    control = next(each["id"] for each in facts["instances"] if each["role"] == "control-node")
    assert run("rotate", "control").endswith(f"{control} is gone\n")

    assert "nothing was removed" in run("down")
    assert "down: nothing with the deployment's tag is left" in run("down", "--yes")
    assert "create  VPC network" in run("plan")
