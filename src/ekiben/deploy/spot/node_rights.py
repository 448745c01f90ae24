"""What the instances may do: least rights, on this deployment's own things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ekiben.deploy.spot.deployment import DEPLOYMENT_TAG

if TYPE_CHECKING:
    from ekiben.deploy.spot.deployment import Deployment


def worker_policy(deployment: Deployment) -> dict[str, Any]:
    """Pull images, read secrets, read and write objects, write logs, and tell the Auto Scaling group of a drain."""
    return _document(
        [
            *_shared(deployment),
            _groups(deployment, "CompleteLifecycleAction", "RecordLifecycleActionHeartbeat", "SetInstanceHealth"),
        ]
    )


def control_policy(deployment: Deployment) -> dict[str, Any]:
    """As workers; besides attach the jobs' volume, make snapshots, name the node, and scale the workers."""
    own = {"StringEquals": {f"aws:ResourceTag/{DEPLOYMENT_TAG}": deployment.config.name}}
    asked = {"StringEquals": {f"aws:RequestTag/{DEPLOYMENT_TAG}": deployment.config.name}}
    made = {"StringEquals": {"ec2:CreateAction": "CreateSnapshot"}}
    ec2 = deployment.arn("ec2", "")
    snapshots = f"arn:{deployment.partition}:ec2:{deployment.region}::snapshot/*"
    records = f"arn:{deployment.partition}:route53:::hostedzone/*"
    only = {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": [f"control.{deployment.private_domain}"]
        }
    }
    return _document(
        [
            *_shared(deployment),
            _groups(deployment, "UpdateAutoScalingGroup"),
            _allow(
                [
                    "autoscaling:DescribeAutoScalingGroups",
                    "autoscaling:DescribeScalingActivities",
                    "ec2:DescribeInstances",
                    "ec2:DescribeSnapshots",
                    "ec2:DescribeSpotInstanceRequests",
                    "ec2:DescribeSpotPriceHistory",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVolumes",
                ],
                ["*"],
            ),
            _allow(["ec2:AttachVolume"], [f"{ec2}volume/*", f"{ec2}instance/*"], own),
            _allow(["ec2:CreateSnapshot"], [f"{ec2}volume/*"], own),
            _allow(["ec2:CreateSnapshot"], [snapshots], asked),
            _allow(["ec2:CreateTags"], [snapshots], made),
            _allow(["ec2:DeleteSnapshot"], [snapshots], own),
            _allow(["route53:ChangeResourceRecordSets"], [records], only),
        ]
    )


def _shared(deployment: Deployment) -> list[dict[str, Any]]:
    bucket = f"arn:{deployment.partition}:s3:::{deployment.bucket}"
    logs = deployment.arn("logs", f"log-group:{deployment.path}/*")
    return [
        _allow(["ecr:GetAuthorizationToken"], ["*"]),
        _allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [deployment.arn("ecr", f"repository/ekiben/{deployment.config.name}/*")],
        ),
        _allow(["ssm:GetParameter"], [deployment.arn("ssm", f"parameter{deployment.path}/*")]),
        _allow(["s3:ListBucket"], [bucket]),
        _allow(["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [f"{bucket}/*"]),
        _allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [logs]),
    ]


def _groups(deployment: Deployment, *actions: str) -> dict[str, Any]:
    groups = deployment.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{deployment.prefix}-*")
    own = {"StringEquals": {f"aws:ResourceTag/{DEPLOYMENT_TAG}": deployment.config.name}}
    return _allow([f"autoscaling:{action}" for action in actions], [groups], own)


def _allow(actions: list[str], resources: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}
