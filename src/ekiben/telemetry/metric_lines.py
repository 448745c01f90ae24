"""Log lines that CloudWatch Logs makes metrics of, by what AWS calls the embedded metric format.

    tell_metrics(log, 1_738_324_800_000, {"AutoScalingGroupName": "demo-emoji-128"}, {"JobsWaiting": (3, "Count")})

    {"time": …, "event": "metrics", "AutoScalingGroupName": "demo-emoji-128", "JobsWaiting": 3,
     "_aws": {"Timestamp": 1738324800000, "CloudWatchMetrics": [{"Namespace": "Ekiben", …}]}}

The logs of a node are in CloudWatch anyhow: a metric costs no agent, no open port and no further right. The format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from structlog.typing import FilteringBoundLogger

NAMESPACE: Final = "Ekiben"
GROUP: Final = "AutoScalingGroupName"
"""The dimension of all numbers: AWS's own of a group have it, too."""
Unit: TypeAlias = Literal["Count", "Seconds", "None"]
Numbers: TypeAlias = Mapping[str, tuple[float, Unit]]


def tell_metrics(log: FilteringBoundLogger, at_ms: int, dimensions: Mapping[str, str], numbers: Numbers) -> None:
    """Write one line; where logs are JSON and go to CloudWatch, each number becomes a metric with these dimensions.

    Args:
        log: Where to.
        at_ms: When the numbers were so, in milliseconds since 1970.
        dimensions: What they are of.
        numbers: By the metric's name, each with its unit; 40 at most, as a log entry is cut beyond.
    """
    told = {
        "Timestamp": at_ms,
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [list(dimensions)],
                "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in numbers.items()],
            }
        ],
    }
    values = {name: value for name, (value, _) in numbers.items()}
    log.info("metrics", **dimensions, **values, _aws=told)
