"""`ekiben spot control` beside a gateway: the group at AWS's stand-in follows what the gateway calls for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.autoscaling.models import FakeAutoScalingGroup

from tests.e2e.conftest import PROJECT, Platform, free_port, start_platform
from tests.simulated_aws import simulated_aws
from tests.unit.deploy.control.account import Account

MODEL = "all-minilm-l6-v2"
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, simulated_aws() as url:
        patch.setattr(FakeAutoScalingGroup, "update", _keeping(FakeAutoScalingGroup.update))
        yield url


def _keeping(update: Callable[..., None]) -> Callable[..., None]:
    """AWS keeps what an update of a mixed instances policy leaves out; moto forgets it."""

    def updated(group: Any, *, mixed_instances_policy: dict[str, Any] | None = None, **settings: Any) -> None:
        before = group.mixed_instances_policy
        template = {**before["LaunchTemplate"]}
        named = template["LaunchTemplateSpecification"]
        template["LaunchTemplateSpecification"] = {key: named[key] for key in named if key != "LaunchTemplateName"}
        whole = {**before, "LaunchTemplate": template, **(mixed_instances_policy or {})}
        update(group, mixed_instances_policy=whole, **settings)

    return updated


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A gateway of its own: what the others' tests ask for counts for ten minutes."""
    started = start_platform(tmp_path_factory.mktemp("idle"), "--only", MODEL)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()


def control(platform: Platform, aws: str, account: Account, state: Path, port: int) -> subprocess.Popen[str]:
    arguments = ["spot", "control", "--deployment", account.name, "--metrics-port", str(port)]
    for subnet in account.subnets.values():
        arguments += ["--subnet", subnet]
    own = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws,
        "EKIBEN_RUN_DIR": str(platform.run_dir),
        "EKIBEN_STATE_DIR": str(state),
        "EKIBEN_LOG_FORMAT": "json",
    }
    return subprocess.Popen(
        [sys.executable, "-c", "from ekiben.cli.main import main; main()", *arguments],
        cwd=PROJECT,
        env={**os.environ, **own},
        stderr=subprocess.PIPE,
        text=True,
    )


def metrics(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            text: str = response.read().decode()
            return text
    except OSError:
        return ""


def test_the_group_follows_the_gateway(idle: Platform, aws: str, tmp_path: Path) -> None:
    account = Account(aws, MODEL)
    # More than an idle gateway calls for.
    account.autoscaling.set_desired_capacity(AutoScalingGroupName=account.name, DesiredCapacity=5)
    port = free_port()
    process = control(idle, aws, account, tmp_path, port)
    try:
        deadline = time.monotonic() + WITHIN_S
        while 'ekiben_spot_wanted_replicas{market="spot",model="all-minilm-l6-v2"}' not in metrics(port):
            assert process.poll() is None
            assert time.monotonic() < deadline, metrics(port)
            time.sleep(0.2)
    finally:
        process.terminate()
        errors = process.communicate(timeout=20)[1]
    assert process.returncode == 0, errors
    # One spot instance, and one on demand until it serves, which moto's never do.
    assert account.settings()["DesiredCapacity"] == 2, errors
    assert (tmp_path / f"spot-{MODEL}.json").is_file()


def test_a_deployment_without_groups(idle: Platform, aws: str, tmp_path: Path) -> None:
    account = Account(aws)
    account.name = "other"
    process = control(idle, aws, account, tmp_path, 0)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "other has no groups of workers; `ekiben spot up` makes them" in errors
