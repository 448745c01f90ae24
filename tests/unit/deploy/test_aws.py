from __future__ import annotations

import sys

import pytest

from ekiben.deploy.aws import begin, connect
from ekiben.errors import OperatorError


def test_a_client_is_of_its_region_and_configured() -> None:
    client = connect("ec2", "eu-west-1", read_timeout=3)
    assert (client.meta.region_name, client.meta.config.read_timeout) == ("eu-west-1", 3)


def test_without_boto3_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(OperatorError, match=r"AWS needs boto3: pip install 'ekiben\[spot\]'"):
        connect("ec2", "eu-west-1")


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(OperatorError, match=r"\(nobody\) could not be found; AWS_PROFILE names"):
        begin()
