"""Log lines that CloudWatch makes metrics of, as they leave the process."""

from __future__ import annotations

import io
import json
from typing import Any

import structlog

from ekiben.telemetry.logs import configure_logging
from ekiben.telemetry.metric_lines import Numbers, tell_metrics


def told(numbers: Numbers) -> dict[str, Any]:
    stream = io.StringIO()
    configure_logging("json", "info", stream)
    log = structlog.get_logger("ekiben.control")
    tell_metrics(log, 1_738_324_800_000, {"AutoScalingGroupName": "demo-workers-a"}, numbers)
    (line,) = stream.getvalue().splitlines()
    return dict(json.loads(line))


def test_every_number_is_declared_and_there_is_a_value_for_each_declaration() -> None:
    line = told({"JobsWaiting": (3, "Count"), "OldestJobAge": (1.5, "Seconds")})
    (declared,) = line["_aws"]["CloudWatchMetrics"]
    assert declared["Namespace"] == "Ekiben"
    assert declared["Dimensions"] == [["AutoScalingGroupName"]]
    assert declared["Metrics"] == [
        {"Name": "JobsWaiting", "Unit": "Count"},
        {"Name": "OldestJobAge", "Unit": "Seconds"},
    ]
    assert (line["JobsWaiting"], line["OldestJobAge"], line["AutoScalingGroupName"]) == (3, 1.5, "demo-workers-a")
    assert line["_aws"]["Timestamp"] == 1_738_324_800_000


def test_what_makes_logs_safe_leaves_forty_numbers_whole() -> None:
    numbers: Numbers = {f"Number{number}": (number, "Count") for number in range(40)}
    line = told(numbers)
    (declared,) = line["_aws"]["CloudWatchMetrics"]
    assert [each["Name"] for each in declared["Metrics"]] == list(numbers)
    assert [line[name] for name in numbers] == list(range(40))
