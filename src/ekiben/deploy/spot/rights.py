"""The rights that the commands need, and an IAM policy that gives them and little more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot import leftovers, opening, retired
from ekiben.deploy.spot.deployment import Deployment
from ekiben.deploy.spot.inventory import inventory
from ekiben.deploy.spot.resources.data_volume import Snapshots

if TYPE_CHECKING:
    from ekiben.deploy.spot.config import SpotConfig
    from ekiben.deploy.spot.pushing import Pusher
    from ekiben.deploy.spot.resource import Resource

PRICES: Final = "ec2:DescribeSpotPriceHistory"
OPERATING: Final = (
    "autoscaling:DescribeInstanceRefreshes",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:RollbackInstanceRefresh",
    "autoscaling:StartInstanceRefresh",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    "ec2:DescribeInstances",
    "logs:FilterLogEvents",
)
"""Of status, drain, rotate, rollback and logs."""
_NOT_NAMED: Final = ("ecr:GetAuthorizationToken", "iam:CreateServiceLinkedRole", "route53:CreateHostedZone")
_READING: Final = ("Describe", "Get", "List", "View", "BatchGet", "BatchCheck")


def rights(resources: Iterable[Resource]) -> tuple[str, ...]:
    """Every IAM action, in order.

    Args:
        resources: What the deployment is made of.
    """
    found = {*opening.RIGHTS, *retired.RIGHTS, *leftovers.RIGHTS, *OPERATING, PRICES}
    for resource in resources:
        found.update(resource.rights)
    return tuple(sorted(found))


def policy_of(config: SpotConfig, pusher: Pusher) -> dict[str, Any]:
    """The policy for whoever is to make a deployment; AWS is not asked, so that no right is needed for it.

    Args:
        config: The deployment.
        pusher: Of which only its rights count.
    """
    deployment = Deployment(config, account="*", partition="aws", zones=config.zones or (f"{config.region}a",))
    return policy(deployment, rights((Snapshots(), *inventory(deployment, pusher))))


def policy(deployment: Deployment, actions: Iterable[str]) -> dict[str, Any]:
    """An IAM policy document: reading anywhere, writing on what has the deployment's names.

    EC2's things have no names of one's own; they are told apart by tags, by `ekiben spot` itself.
    """
    scopes = _scopes(deployment)
    statements: dict[tuple[str, ...], list[str]] = {}
    for action in actions:
        service, _, verb = action.partition(":")
        everywhere = action in _NOT_NAMED or (verb.startswith(_READING) and service not in ("s3", "ssm"))
        statements.setdefault(("*",) if everywhere else scopes.get(service, ("*",)), []).append(action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": allowed, "Resource": list(where)} for where, allowed in statements.items()
        ],
    }


def _scopes(deployment: Deployment) -> dict[str, tuple[str, ...]]:
    prefix, path, arn = deployment.prefix, deployment.path, deployment.arn
    bucket = f"arn:{deployment.partition}:s3:::{deployment.bucket}"
    public = f"arn:{deployment.partition}:ssm:{deployment.region}::parameter/aws/service/*"
    return {
        "s3": (bucket, f"{bucket}/*"),
        "ecr": (arn("ecr", f"repository/ekiben/{deployment.config.name}/*"),),
        "iam": tuple(arn("iam", f"{kind}/{prefix}-*", region=False) for kind in ("role", "instance-profile")),
        "ssm": (arn("ssm", f"parameter{path}/*"), public),
        "logs": (arn("logs", f"log-group:{path}/*"),),
        "autoscaling": (arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{prefix}-*"),),
        "elasticloadbalancing": tuple(
            arn("elasticloadbalancing", f"{kind}/{prefix}/*")
            for kind in ("loadbalancer/app", "listener/app", "targetgroup")
        ),
        "cloudwatch": (arn("cloudwatch", f"alarm:{prefix}-*"),),
        "budgets": (arn("budgets", f"budget/{prefix}", region=False),),
    }
