"""What moto does not simulate of the calls that a deployment makes, added at botocore's level and nothing else."""

from __future__ import annotations

import json
from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.utils import parse_user_data

from ekiben.deploy.spot.clients import Clients


def complete(aws: Clients, plain: Clients) -> None:
    """Let clients do what AWS does and moto does not.

    Args:
        aws: To be completed.
        plain: As boto3 has them.
    """
    asked: dict[str, Any] = {}

    # S3 sets the tags of a bucket while it makes it; moto drops them.
    def remember(params: dict[str, Any], **_: Any) -> None:
        asked.update(params)

    def tag(http_response: Any, **_: Any) -> None:
        if http_response.status_code == 200:
            tags = asked["CreateBucketConfiguration"]["Tags"]
            plain.s3.put_bucket_tagging(Bucket=asked["Bucket"], Tagging={"TagSet": tags})

    aws.s3.meta.events.register("provide-client-params.s3.CreateBucket", remember)
    aws.s3.meta.events.register_first("after-call.s3.CreateBucket", tag)

    # A group's hooks go with it; moto keeps them for the next group of that name.
    def unhook(params: dict[str, Any], **_: Any) -> None:
        named = params["AutoScalingGroupName"]
        for hook in plain.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=named)["LifecycleHooks"]:
            plain.autoscaling.delete_lifecycle_hook(
                AutoScalingGroupName=named, LifecycleHookName=str(hook.get("LifecycleHookName"))
            )

    aws.autoscaling.meta.events.register("provide-client-params.auto-scaling.DeleteAutoScalingGroup", unhook)

    # Moto keeps a budget's subscribers and has no call to ask for them.
    mails: dict[str, str] = {}

    def keep(params: dict[str, Any], **_: Any) -> None:
        for alarm in params["NotificationsWithSubscribers"]:
            mails[params["Budget"]["BudgetName"]] = alarm["Subscribers"][0]["Address"]

    def subscribers(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        name = json.loads(params["body"])["BudgetName"]
        return _Answered(), {"Subscribers": [{"SubscriptionType": "EMAIL", "Address": mails.get(name, "")}]}

    aws.budgets.meta.events.register("provide-client-params.budgets.CreateBudget", keep)
    hooks: Any = aws.budgets.meta.events
    hooks.register("before-call.budgets.DescribeSubscribersForNotification", subscribers)


def mend_moto() -> None:
    """Moto 5.2.5 reads the first commands of a launch template's first version only, and fails at those of others."""

    def user_data(version: LaunchTemplateVersion) -> Any:
        given = version.data.get("UserData")
        return parse_user_data(given) if isinstance(given, str) else given

    LaunchTemplateVersion.user_data = property(user_data)  # type: ignore[assignment,method-assign]


class _Answered:
    status_code = 200
    headers: dict[str, str] = {}  # noqa: RUF012
