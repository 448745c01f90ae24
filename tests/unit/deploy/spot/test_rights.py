from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ekiben.deploy.spot.clients import Clients
from ekiben.deploy.spot.config_file import read_config
from ekiben.deploy.spot.failures import MissingRight
from ekiben.deploy.spot.rights import policy_of
from tests.unit.deploy.spot.acting import ToMoto, down, plan, up
from tests.unit.deploy.spot.hooks import changes_things, denied, recorded

_MOST = 300


def _allowed(aws: Clients, config_file: Path) -> set[str]:
    statements = policy_of(read_config(config_file), ToMoto(aws))["Statement"]
    return {action for statement in statements for action in statement["Action"]}


@pytest.mark.slow
@pytest.mark.parametrize("act", [up, down])
def test_every_right_that_is_missing_is_named_and_in_the_policy(aws: Clients, config_file: Path, act: object) -> None:
    """AWS refuses one call after another; what was refused once is allowed from then on."""
    if act is down:
        up(aws, config_file)
    policy, allowed, named = _allowed(aws, config_file), {("sts", "GetCallerIdentity")}, set()
    for _ in range(_MOST):
        with denied(aws, allowed) as refused:
            missing = _missing(up if act is up else down, aws, config_file)
        if missing is None:
            break
        service, operation = refused[-1]
        assert missing.action in policy
        assert missing.action in missing.message
        assert service in ("s3", "budgets") or missing.action.endswith(f":{operation}")
        named.add(missing.action)
        allowed.add((service, operation))
    else:
        pytest.fail("it never came to an end")
    assert len(named) > 30


def _missing(act: Any, aws: Clients, config_file: Path) -> MissingRight | None:
    try:
        act(aws, config_file)
    except MissingRight as error:
        return error
    return None


def test_a_plan_changes_nothing(aws: Clients, config_file: Path) -> None:
    with recorded(aws) as calls:
        plan(aws, config_file)
    up(aws, config_file)
    with recorded(aws) as more:
        plan(aws, config_file)
    assert len(calls) > 40
    assert [call for call in [*calls, *more] if changes_things(call[1])] == []


def test_the_policy_is_had_without_asking_aws(aws: Clients, config_file: Path) -> None:
    with recorded(aws) as calls:
        allowed = _allowed(aws, config_file)
    assert calls == []
    assert {"ec2:CreateVpc", "iam:PassRole", "s3:PutEncryptionConfiguration", "ecr:PutImage"} <= allowed
