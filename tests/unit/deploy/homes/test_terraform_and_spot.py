"""Terraform makes the deployment that `ekiben spot` makes: the same kinds, names, first commands and rights."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import ValidationError

from ekiben.deploy.spot.config import SpotConfig
from ekiben.deploy.spot.config_parts import Workers
from ekiben.deploy.spot.deployment import Deployment
from ekiben.deploy.spot.hardware import Hardware
from ekiben.deploy.spot.inventory import inventory
from ekiben.deploy.spot.node_rights import control_policy, worker_policy
from ekiben.deploy.spot.pushing import Pusher
from ekiben.deploy.spot.user_data import control_script, worker_script
from tests.unit.deploy.homes.terraform_module import NODES, ROOT, blocks, text

# By the kind in a plan: what Terraform calls it.
_KINDS: Final = {
    "Auto Scaling group": {"aws_autoscaling_group"},
    "ECR repository": {"aws_ecr_repository", "aws_ecr_lifecycle_policy"},
    "IAM role": {"aws_iam_role", "aws_iam_role_policy"},
    "S3 bucket": {
        "aws_s3_bucket",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
    },
    "S3 endpoint": {"aws_vpc_endpoint"},
    "VPC": {"aws_vpc"},
    "budget": {"aws_budgets_budget"},
    "data volume": {"aws_ebs_volume"},
    "alarm": {"aws_cloudwatch_metric_alarm"},
    "image": set(),  # Pushed by hand.
    "instance profile": {"aws_iam_instance_profile"},
    "internet gateway": {"aws_internet_gateway"},
    "launch template": {"aws_launch_template"},
    "listener": {"aws_lb_listener"},
    "load balancer": {"aws_lb"},
    "log group": {"aws_cloudwatch_log_group"},
    "private DNS zone": {"aws_route53_zone"},
    "route table": {"aws_route_table", "aws_route_table_association"},
    "secret": {"aws_ssm_parameter"},
    "security group": {"aws_security_group"},
    "security group rules": {"aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"},
    "subnet": {"aws_subnet"},
    "target group": {"aws_lb_target_group"},
}
_REGION, _ACCOUNT, _MODEL = "us-east-1", "123456789012", "emoji-128"


def _deployment(**control: Any) -> Deployment:
    said = {
        "name": "pictures",
        "region": _REGION,
        "zones": ["us-east-1a", "us-east-1b"],
        "control": {"image": "ekiben:0.1.0", "instance_type": "t3.medium", **control},
        "workers": [{"model": _MODEL, "image": "text_to_image:1.0.0-cuda", "types": {"g5.xlarge": None}, "most": 8}],
        "entrance": {
            "allow": ["0.0.0.0/0"],
            "certificate_arn": f"arn:aws:acm:{_REGION}:{_ACCOUNT}:certificate/1",
        },
        "secrets": {"keys_file": "keys.jsonl", "webhook_secrets_file": "webhooks.json"},
        "budget": {"usd_per_month": 500, "email": "you@example.com"},
    }
    config = SpotConfig.model_validate(said)
    hardware = {
        "t3.medium": Hardware("x86_64", False, config.zones),
        "g5.xlarge": Hardware("x86_64", True, config.zones),
    }
    return Deployment(config, _ACCOUNT, "aws", config.zones, hardware=hardware)


class _Nobody(Pusher):
    def push(self, image: str, uri: str, token: str) -> None:
        raise NotImplementedError


def test_the_kinds_are_the_same() -> None:
    wanted = {resource.kind for resource in inventory(_deployment(), _Nobody())}
    assert wanted == set(_KINDS)
    assert {kind for kinds in _KINDS.values() for kind in kinds} == {block.type for block in blocks(ROOT)}


def test_the_names_are_the_same() -> None:
    names = {each.name for each in inventory(_deployment(), _Nobody()) if each.kind != "image"}
    tagged = set(re.findall(r'"ekiben:resource"\s*=\s*("[^"]+"|[\w.]+)', text(ROOT)))
    patterns = [re.sub(r"\\\$\\\{[^}]*\\\}", ".+", re.escape(each.strip('"'))) for each in tagged if each[0] == '"']
    assert [name for name in sorted(names) if not any(re.fullmatch(each, name) for each in patterns)] == []
    assert [each for each in patterns if not any(re.fullmatch(each, name) for name in names)] == []


def test_no_model_has_the_name_of_a_part() -> None:
    deployment = _deployment()
    (workers,) = deployment.config.workers
    own = re.compile(rf"workers-{_MODEL}(-.+)?")
    shared = [each.name for each in inventory(deployment, _Nobody()) if each.name.startswith("workers-")]
    parts = {name.removeprefix("workers-") for name in shared if not own.fullmatch(name)}
    assert parts
    for part in parts:
        with pytest.raises(ValidationError, match="a part of every deployment"):
            Workers.model_validate({**workers.model_dump(), "model": part})


def test_every_word_of_the_first_commands_is_filled_in() -> None:
    scripts = (NODES / "scripts.tf").read_text(encoding="utf-8")
    everywhere = set(
        re.findall(r"^    (\w+) +=", scripts.partition("everywhere = {")[2].partition("}")[0], re.MULTILINE)
    )
    for name in ("common", "control", "valkey", "worker"):
        source = NODES.parents[2] / "src" / "ekiben" / "deploy" / "spot" / "nodes" / f"{name}.sh"
        asked = set(re.findall(r"@@\{(\w+)\}", source.read_text(encoding="utf-8")))
        for call in scripts.split(f"templatestring(local.{name}_file, merge(local.everywhere, {{")[1:]:
            given = set(re.findall(r"^ +(\w+) +=", call.partition("})")[0], re.MULTILINE))
            assert asked <= given | everywhere, name


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on the PATH; the words are checked above")
@pytest.mark.parametrize("valkey", [{}, {"valkey_url": "valkeys://jobs.example.com:6379", "valkey_durable": True}])
def test_the_first_commands_and_the_rights_are_the_same_to_the_letter(tmp_path: Path, valkey: dict[str, Any]) -> None:
    deployment = _deployment(**valkey)
    found = _planned(tmp_path, deployment)
    config = deployment.config
    assert found["control_script"] == control_script(deployment, "" if valkey else "Z1", ["subnet-1", "subnet-2"])
    group = f"{deployment.prefix}-{_MODEL}"
    assert found["worker_scripts"] == {_MODEL: worker_script(deployment, config.of_model(_MODEL), group)}
    assert _as_set(json.loads(found["control_policy"])) == _as_set(control_policy(deployment))
    assert _as_set(json.loads(found["worker_policy"])) == _as_set(worker_policy(deployment))


def _as_set(policy: dict[str, Any]) -> set[str]:
    """Statements in any order."""
    return {json.dumps(statement, sort_keys=True) for statement in policy["Statement"]}


def _planned(folder: Path, deployment: Deployment) -> dict[str, Any]:
    """Outputs of the module without resources; it needs no provider, and so no network."""
    control = deployment.config.control
    values = {
        "deployment": {
            "name": deployment.config.name,
            "region": deployment.region,
            "partition": deployment.partition,
            "account": deployment.account,
            "registry": deployment.registry,
            "bucket": deployment.bucket,
        },
        "control": {
            "tag": "0.1.0",
            "snapshots_kept": control.snapshots_kept,
            "valkey_url": control.valkey_url or "",
            "valkey_durable": control.valkey_durable,
            "has_password": control.valkey_url is None,
            "has_webhooks": True,
            "scaling": control.scaling,
            "least": 0,
            "most": 8,
            "zone_id": "" if control.valkey_url else "Z1",
            "subnets": ["subnet-1", "subnet-2"],
        },
        "workers": {_MODEL: {"tag": "1.0.0-cuda", "gpu": True}},
    }
    (folder / "values.tfvars.json").write_text(json.dumps(values))
    _terraform(folder, "init", "-input=false", "-backend=false")
    plan = folder / "plan"
    _terraform(folder, "plan", "-input=false", f"-var-file={folder / 'values.tfvars.json'}", f"-out={plan}")
    outputs = json.loads(_terraform(folder, "show", "-json", str(plan)))["planned_values"]["outputs"]
    return {name: each["value"] for name, each in outputs.items()}


def _terraform(folder: Path, *arguments: str) -> str:
    program = shutil.which("terraform")
    assert program is not None
    environment = {
        "TF_DATA_DIR": str(folder / "data"),
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "CHECKPOINT_DISABLE": "1",
    }
    command = [program, f"-chdir={NODES}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
