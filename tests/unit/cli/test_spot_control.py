"""What the gateway's private door may answer, as the controller takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ekiben.cli import spot_control
from ekiben.cli.spot_control import GatewayDemand
from ekiben.errors import ConfigurationError
from ekiben.schemas.needs import Needs
from ekiben.settings import load_settings


def answering(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: Any) -> GatewayDemand:
    def ask(*_: object, **__: object) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(spot_control, "ask_platform", ask)
    return GatewayDemand(load_settings(run_dir=folder))


def test_what_it_says_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = {"models": {"a": {"replicas": 3, "jobs_waiting": 2, "jobs_running": 1, "oldest_job_s": 0.5}}}
    demand = answering(monkeypatch, tmp_path, said)
    assert demand.of("a") == Needs(replicas=3, jobs_waiting=2, jobs_running=1, oldest_job_s=0.5)
    assert demand.of("b") is None


@pytest.mark.parametrize(
    "answer",
    [
        ConfigurationError("the platform does not answer"),
        json.JSONDecodeError("Expecting value", "Internal Server Error", 0),
        {"replicas": {"a": 3}},
        {"models": {"a": {"replicas": -1}}},
    ],
)
def test_what_is_no_answer_keeps_nobody_from_steering(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Any
) -> None:
    assert answering(monkeypatch, tmp_path, answer).of("a") is None
