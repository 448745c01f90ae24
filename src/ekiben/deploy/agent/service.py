"""An agent from its terms to its exit status."""

from __future__ import annotations

from functools import partial

import structlog
from prometheus_client import CollectorRegistry, start_http_server

from ekiben.deploy.agent.agent import Agent
from ekiben.deploy.agent.aws import Group
from ekiben.deploy.agent.clients import connect
from ekiben.deploy.agent.drain import Outcome
from ekiben.deploy.agent.health import Health
from ekiben.deploy.agent.metadata import Metadata
from ekiben.deploy.agent.metrics import AgentMetrics
from ekiben.deploy.agent.notices import LifecycleStates, RebalanceRecommendations, SpotNotices
from ekiben.deploy.agent.procedure import ACKNOWLEDGE, steps
from ekiben.deploy.agent.signals import Signals
from ekiben.deploy.agent.terms import Terms
from ekiben.errors import ConfigurationError
from ekiben.worker.platform_here import PlatformHere

_log = structlog.get_logger("ekiben.agent")


async def serve(terms: Terms, platform: PlatformHere) -> int:
    """Wait for an interruption and drain; returns the exit status, 0 where every step succeeded.

    Raises:
        ConfigurationError: A setting is wrong, or the port is taken.
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    signals = Signals()
    signals.listen()
    metrics = AgentMetrics(CollectorRegistry(), terms.group)
    _show(metrics, terms.metrics_port)
    async with Metadata(terms.metadata) as metadata:
        targets, group = await connect(terms, metadata)
        reports = group is not None and terms.unhealthy_after_s > 0
        agent = Agent(
            sources=(SpotNotices(metadata), LifecycleStates(metadata), RebalanceRecommendations(metadata)),
            signals=signals,
            steps=steps(platform, targets, group),
            metrics=metrics,
            health=Health(platform.ready, group.call_unhealthy, terms.unhealthy_after_s) if group and reports else None,
            meanwhile=group.keep_waiting if group and group.hook else None,
            drains_at_risk=terms.drains_at_risk,
            later=partial(_acknowledge_later, group) if group and group.hook else None,
        )
        _log.info("watching", run_dir=str(platform.run_dir), group=terms.group or None, hook=terms.hook or None)
        outcome = await agent.run()
    return 1 if outcome.failed else 0


async def _acknowledge_later(group: Group, outcome: Outcome, within_s: float) -> None:
    if not outcome.answers.get(ACKNOWLEDGE):
        _log.info("waiting for the group to end this instance", seconds=round(within_s))
        await group.acknowledge_later(within_s)


def _show(metrics: AgentMetrics, port: int) -> None:
    if not port:
        return
    try:
        start_http_server(port, "127.0.0.1", metrics.registry)
    except OSError as error:
        raise ConfigurationError(f"--metrics-port {port} cannot be opened: {error.strerror}") from error
