"""The scaling policy that the settings name."""

from __future__ import annotations

from ekiben.errors import ConfigurationError
from ekiben.policy.scaling import BacklogPerReplica, QueueThresholds, ScalingPolicy, TrafficAndBacklog, Utilization
from ekiben.settings import Settings


def scaling_rule(settings: Settings) -> ScalingPolicy:
    """The rule of `EKIBEN_SCALING`, within its bounds.

    Raises:
        ConfigurationError: The least is more than the most.
    """
    least, most = settings.scaling_least, settings.scaling_most
    if least > most:
        raise ConfigurationError(f"EKIBEN_SCALING_LEAST is {least}, more than EKIBEN_SCALING_MOST, which is {most}")
    match settings.scaling:
        case "traffic-and-backlog":
            return TrafficAndBacklog(least=least, most=most)
        case "queue-thresholds":
            return QueueThresholds(least=least, most=most)
        case "utilization":
            return Utilization(least=least, most=most)
        case "backlog-per-replica":
            return BacklogPerReplica(least=least, most=most)
