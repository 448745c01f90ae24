"""`ekiben spot control`: steers a deployment's groups by the spot policy; runs on its control node."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer

from ekiben.cli.running import ask_platform
from ekiben.errors import EkibenError
from ekiben.schemas.needs import AllNeeds, Needs
from ekiben.settings import Settings, load_settings
from ekiben.telemetry.logs import configure_logging

_log = structlog.get_logger("ekiben.control")
_ASK_WITHIN_S: Final = 5.0


def control(
    *,
    deployment: Annotated[str, typer.Option(metavar="NAME", help="Name of the deployment.")],
    subnet: Annotated[list[str], typer.Option(metavar="ID", help="A subnet that workers may be in; repeat it.")],
    region: Annotated[str, typer.Option(envvar="AWS_REGION", help="AWS region.")],
    availability: Annotated[
        float, typer.Option(min=0.5, max=0.99999, help="Share of the time in which there shall be enough.")
    ] = 0.999,
    catalogue: Annotated[
        Path | None, typer.Option(metavar="FILE", help="On-demand prices, as `ekiben cost --refresh` writes them.")
    ] = None,
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of /metrics on loopback; 0: there are none.")
    ] = 9101,
) -> None:
    """Keep as many instances as the gateway on this machine calls for, spot or on demand as the policy says."""
    from prometheus_client import start_http_server

    from ekiben.deploy.catalogue.catalogue_file import read_catalogue
    from ekiben.deploy.control.controller import Controller, steer
    from ekiben.deploy.control.numbers import Numbers
    from ekiben.deploy.control.steering import Steering
    from ekiben.deploy.policy import Rules
    from ekiben.deploy.spot.clients import make_clients
    from ekiben.deploy.spot.failures import told

    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level, sys.stderr, log_content=settings.log_content)
    clients, numbers, rules = make_clients(region), Numbers(), Rules(availability=availability)
    known = read_catalogue(catalogue)
    if known.region != region:
        _log.warning("on-demand prices are another region's", prices=known.region, region=region)
    with told():
        steered = Steering(clients.autoscaling, clients.ec2, deployment, subnet, known).groups()
    if metrics_port:
        start_http_server(metrics_port, addr="127.0.0.1", registry=numbers.registry)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    demand = GatewayDemand(settings)
    controllers = [
        (each.model, Controller(each, demand, rules, numbers, settings.state_dir / f"spot-{each.model}.json"))
        for each in steered
    ]
    _log.info("steering", deployment=deployment, models=[each.model for each in steered])
    steer(controllers, numbers, _Stopping())


class GatewayDemand:
    """What the gateway on this machine says."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, model: str) -> Needs | None:
        """Ask it, through its private door."""
        try:
            answer = ask_platform(self._settings, "/needs", method="GET", timeout_s=_ASK_WITHIN_S)
            return AllNeeds.model_validate(answer).models.get(model)
        except (EkibenError, ValueError) as error:  # An answer that is none of ours is a ValueError.
            _log.warning("the gateway does not say what it needs", model=model, error=str(error))
            return None


class _Stopping:
    """Waits; True once a signal says that it is time to end."""

    def __init__(self) -> None:
        self._event = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._event.set())

    def __call__(self, seconds: float) -> bool:
        return self._event.wait(seconds)
