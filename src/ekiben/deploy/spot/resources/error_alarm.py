"""The alarm for errors: a rotation is taken back when it goes off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.deployment import DEPLOYMENT_TAG
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.resources.entrance import BALANCER
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.world import Fields, World

ERRORS: Final = "errors"
_PERCENT: Final = 5.0
_LEAST_REQUESTS: Final = 10
"""In a minute; of fewer, one error is no share to speak of."""


def alarm_name(deployment: Deployment) -> str:
    """Its name in CloudWatch."""
    return f"{deployment.prefix}-{ERRORS}"


class ErrorAlarm(Resource):
    """Goes off when in two of three minutes more than 5 % of the load balancer's requests ended with a 5xx."""

    kind = "alarm"
    name = ERRORS
    needs = (BALANCER,)
    rights = (
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
    )

    def wanted(self, world: World) -> Fields:
        """Which load balancer, and from when on."""
        return {"balancer": _dimension(world), "percent": _PERCENT}

    def observe(self, world: World) -> Found | None:
        """By its name."""
        named = alarm_name(world.deployment)
        alarms = world.clients.cloudwatch.describe_alarms(AlarmNames=[named], AlarmTypes=["MetricAlarm"])
        if not alarms["MetricAlarms"]:
            return None
        alarm = alarms["MetricAlarms"][0]
        tags = world.clients.cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        if {"Key": DEPLOYMENT_TAG, "Value": world.deployment.config.name} not in tags:
            raise SomebodyElses(self.kind, named, world.deployment.config.name)
        metrics: Any = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
        return Found(named, {"balancer": metrics[0]["Dimensions"][0]["Value"], "percent": alarm["Threshold"]})

    def create(self, world: World) -> None:
        """With its tags."""
        self._put(world)

    def update(self, world: World, found: Found) -> None:  # noqa: ARG002  # it is put as a whole
        """Of the load balancer that there is now."""
        self._put(world)

    def delete(self, world: World, found: Found) -> None:
        """By its name."""
        world.clients.cloudwatch.delete_alarms(AlarmNames=[found.id])

    def _put(self, world: World) -> None:
        share = f"IF(requests >= {_LEAST_REQUESTS}, 100 * FILL(errors, 0) / requests, 0)"
        world.clients.cloudwatch.put_metric_alarm(
            AlarmName=alarm_name(world.deployment),
            AlarmDescription="Share of requests that ended with a 5xx, in percent.",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=_PERCENT,
            EvaluationPeriods=3,
            DatapointsToAlarm=2,
            TreatMissingData="notBreaching",
            Metrics=[
                _sum("requests", "RequestCount", _dimension(world)),
                _sum("errors", "HTTPCode_Target_5XX_Count", _dimension(world)),
                {"Id": "share", "Expression": share, "ReturnData": True},
            ],
            Tags=world.deployment.tags(self.name),
        )


def _sum(name: str, metric: str, balancer: str) -> Any:
    dimensions = [{"Name": "LoadBalancer", "Value": balancer}]
    of = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": of, "Period": 60, "Stat": "Sum"}, "ReturnData": False}


def _dimension(world: World) -> str:
    """CloudWatch's name of the load balancer, the end of its ARN."""
    return world.id(BALANCER).partition(":loadbalancer/")[2] or world.id(BALANCER)
