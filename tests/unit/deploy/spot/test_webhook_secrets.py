from __future__ import annotations

from pathlib import Path

from ekiben.deploy.spot.clients import Clients
from ekiben.deploy.spot.config_file import read_config
from ekiben.deploy.spot.opening import open_world
from ekiben.deploy.spot.user_data import control_script
from tests.unit.deploy.spot.acting import differing, up
from tests.unit.deploy.spot.files import write_config

SECRETS = '{"laptop": "whsec_c2VjcmV0"}'


def names(aws: Clients) -> set[str]:
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": ["/ekiben/"]}]
    found = aws.ssm.describe_parameters(ParameterFilters=filters)  # type: ignore[arg-type]
    return {parameter["Name"] for parameter in found["Parameters"]}


def test_secrets_of_webhooks_reach_the_gateway_and_go_when_they_are_not_named(aws: Clients, tmp_path: Path) -> None:
    (tmp_path / "webhooks.json").write_text(SECRETS)
    files = {"keys_file": "keys.jsonl", "webhook_secrets_file": "webhooks.json"}
    config = write_config(tmp_path, secrets=files)
    up(aws, config)
    kept = aws.ssm.get_parameter(Name="/ekiben/pictures/webhook-secrets", WithDecryption=True)
    assert kept["Parameter"]["Value"] == SECRETS
    script = control_script(open_world(read_config(config), aws).deployment, "Z1", ["subnet-1"])
    assert "put ekiben_webhook_secrets secret webhook-secrets" in script
    assert "whsec_" not in script

    without = write_config(tmp_path)
    up(aws, without)
    assert "/ekiben/pictures/webhook-secrets" not in names(aws)
    assert differing(aws, without) == []
    again = control_script(open_world(read_config(without), aws).deployment, "Z1", ["subnet-1"])
    assert "webhook" not in again
