"""boto3's clients, one for each service of AWS that a deployment uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.aws import begin, connect
from ekiben.deploy.spot.actions import action_of
from ekiben.deploy.spot.failures import note_action

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_budgets import BudgetsClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

    from ekiben.deploy.spot.route53 import Route53Client

_BUDGETS_REGION: Final = "us-east-1"  # the service has no other
_CONFIG: Final[dict[str, Any]] = {"retries": {"mode": "standard"}, "user_agent_extra": "ekiben-spot"}


@dataclass(frozen=True, slots=True)
class Clients:
    """See the module."""

    autoscaling: AutoScalingClient
    budgets: BudgetsClient
    cloudwatch: CloudWatchClient
    ec2: EC2Client
    ecr: ECRClient
    elbv2: ElasticLoadBalancingv2Client
    iam: IAMClient
    logs: CloudWatchLogsClient
    route53: Route53Client
    s3: S3Client
    ssm: SSMClient
    sts: STSClient


def make_clients(region: str) -> Clients:
    """Clients that repeat what AWS says may be, and note the right that a call needs.

    Args:
        region: AWS region.

    Raises:
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    session, regions = begin(), {"budgets": _BUDGETS_REGION}
    made = {
        field: connect(field, regions.get(field, region), session, **_CONFIG) for field in Clients.__dataclass_fields__
    }
    for client in made.values():
        client.meta.events.register("after-call", _note, unique_id="ekiben-action")
    return Clients(**made)


def _note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    note_action(parsed, action_of(model.service_model.service_name, model.name))
