"""boto3's clients, one for each service of AWS that a deployment uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.actions import action_of
from ekiben.deploy.spot.failures import note_action
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_budgets import BudgetsClient
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


@dataclass(frozen=True, slots=True)
class Clients:
    """See the module."""

    autoscaling: AutoScalingClient
    budgets: BudgetsClient
    ec2: EC2Client
    ecr: ECRClient
    elbv2: ElasticLoadBalancingv2Client
    iam: IAMClient
    logs: CloudWatchLogsClient
    route53: Route53Client
    s3: S3Client
    ssm: SSMClient
    sts: STSClient


def make_clients(region: str, session: Any = None) -> Clients:
    """Clients with the credentials and the addresses that boto3 finds by itself; they repeat what AWS says may be.

    Args:
        region: AWS region.
        session: A session of boto3's, for other credentials or for hooks.

    Raises:
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ProfileNotFound
    except ModuleNotFoundError:
        raise OperatorError("AWS needs boto3: pip install 'ekiben[spot]'") from None
    config = Config(retries={"mode": "standard"}, user_agent_extra="ekiben-spot")
    try:
        connect: Any = (session or boto3.Session()).client
    except ProfileNotFound as error:
        raise OperatorError(
            f"{error}; AWS_PROFILE names one of those that `aws configure list-profiles` shows"
        ) from None
    regions = {"budgets": _BUDGETS_REGION}
    made = {
        field: connect(field, region_name=regions.get(field, region), config=config)
        for field in Clients.__dataclass_fields__
    }
    for client in made.values():
        client.meta.events.register("after-call", _note, unique_id="ekiben-action")
    return Clients(**made)


def _note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    note_action(parsed, action_of(model.service_model.service_name, model.name))
