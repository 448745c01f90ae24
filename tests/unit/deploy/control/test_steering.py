from __future__ import annotations

import pytest

from ekiben.deploy.catalogue.catalogue_file import read_catalogue
from ekiben.deploy.control.steering import Steering
from ekiben.errors import OperatorError
from tests.unit.deploy.control.account import Account


def test_the_deployments_groups_of_workers_and_no_others(account: Account, server: str) -> None:
    Account(server, "somebody-elses")
    subnets = list(account.subnets.values())
    steering = Steering(account.autoscaling, account.ec2, account.name, subnets, read_catalogue())
    (found,) = steering.groups()
    assert (found.model, found.cold_start_s) == ("pictures", 60.0)
    account.role = "control-node"
    with pytest.raises(OperatorError, match="has no groups of workers"):
        steering.groups()
