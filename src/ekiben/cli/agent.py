"""`ekiben agent`: beside the platform on a spot instance; hands its work back before the instance is taken."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from ekiben.errors import ConfigurationError
from ekiben.gateway.control import CONTROL_NAME
from ekiben.settings import Settings, load_settings
from ekiben.telemetry.logs import configure_logging
from ekiben.worker.platform_here import PlatformHere


def agent(
    *,
    metadata: Annotated[
        str,
        typer.Option(
            envvar="AWS_EC2_METADATA_SERVICE_ENDPOINT", metavar="URL", help="The instance metadata service (version 2)."
        ),
    ] = "http://169.254.169.254",
    group: Annotated[
        str, typer.Option(envvar="EKIBEN_AGENT_GROUP", help="The Auto Scaling group that this instance is in.")
    ] = "",
    hook: Annotated[
        str,
        typer.Option(envvar="EKIBEN_AGENT_HOOK", help="Lifecycle hook of its termination, to be acknowledged."),
    ] = "",
    target_group: Annotated[
        list[str] | None,
        typer.Option(envvar="EKIBEN_AGENT_TARGET_GROUPS", metavar="ARN", help="To be left; may be repeated."),
    ] = None,
    region: Annotated[
        str, typer.Option(envvar="AWS_REGION", help="Default: the metadata service's.", show_default=False)
    ] = "",
    unhealthy_after: Annotated[
        float,
        typer.Option(
            envvar="EKIBEN_AGENT_UNHEALTHY_AFTER_S",
            min=0,
            help="Seconds without readiness after which the group is told to replace this instance; 0: never.",
        ),
    ] = 600.0,
    metrics_port: Annotated[
        int,
        typer.Option(
            envvar="EKIBEN_AGENT_METRICS_PORT", min=0, max=65535, help="Of /metrics on loopback; 0: there are none."
        ),
    ] = 0,
    drain_at_risk: Annotated[
        bool,
        typer.Option(
            "--drain-at-risk",
            envvar="EKIBEN_AGENT_DRAIN_AT_RISK",
            help="Drain at a mere recommendation to rebalance, too.",
        ),
    ] = False,
) -> None:
    """Wait for the end of this spot instance; have the platform hand its work back; then end.

    The platform is the one of EKIBEN_RUN_DIR, which must be set for both. Exit status 0: everything was done in time.
    """
    from ekiben.deploy.agent.service import serve
    from ekiben.deploy.agent.terms import Terms

    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level, sys.stderr, log_content=settings.log_content)
    terms = Terms(
        metadata=metadata,
        region=region,
        group=group,
        hook=hook,
        target_groups=tuple(target_group or ()),
        unhealthy_after_s=unhealthy_after,
        metrics_port=metrics_port,
        drains_at_risk=drain_at_risk,
    )
    raise typer.Exit(asyncio.run(serve(terms, _platform(settings))))


def _platform(settings: Settings) -> PlatformHere:
    if "run_dir" not in settings.model_fields_set:
        raise ConfigurationError("EKIBEN_RUN_DIR must name one folder for both `ekiben serve` and `ekiben agent`")
    return PlatformHere(settings.run_dir, CONTROL_NAME)
