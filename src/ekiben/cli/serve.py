"""`ekiben serve`: check, show the plan, then serve until told to stop."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ekiben.cards.catalogue import load_catalogue
from ekiben.cli.project import find_project
from ekiben.cli.supervisor import Supervisor, Target, check_port
from ekiben.devices import Plan, make_plan, measure_machine
from ekiben.gateway.control import CONTROL_NAME
from ekiben.policy.exposure import check_exposure
from ekiben.policy.moderation import load_policy
from ekiben.settings import Settings, load_settings
from ekiben.telemetry.logs import configure_logging
from ekiben.weights.store import check_stored

_ENTRY_POINT = "services.gateway.service:Gateway"


def serve(
    only: Annotated[list[str] | None, typer.Option("--only", help="Serve this model; may be repeated.")] = None,
) -> None:
    """Serve every model behind one port, until SIGTERM or Ctrl-C."""
    settings = _settings(only)
    configure_logging(settings.log_format, settings.log_level, sys.stderr, log_content=settings.log_content)
    project = find_project(Path.cwd())
    check_exposure(settings.host, settings.keys_file)
    cards = load_catalogue(settings.models_dir or project / "models").select(settings.only)
    load_policy(settings.moderation_policy, cards)
    plan = make_plan([card for card in cards if card.name not in settings.worker_urls], measure_machine(settings))
    Console(stderr=True).print(plan_table(plan))
    check_stored(cards, settings)
    check_port(settings.host, settings.port)
    supervisor = Supervisor(settings, Target(_ENTRY_POINT, project), CONTROL_NAME)
    raise typer.Exit(asyncio.run(supervisor.run()))


def plan_table(plan: Plan) -> Table:
    """The plan as a table, one line a model."""
    table = Table(title="plan", title_justify="left")
    for heading in ("model", "device", "workers", "threads each", "GiB each"):
        table.add_column(heading, justify="left" if heading in ("model", "device") else "right")
    for place in plan.placements:
        table.add_row(place.model, place.device, str(place.workers), str(place.threads), f"{place.memory_gib:g}")
    table.caption = f"{plan.memory_gib:.1f} of {plan.machine.memory_gib:.1f} GiB, {plan.machine.threads} CPU threads"
    return table


def _settings(only: list[str] | None) -> Settings:
    """The environment's settings, the command line's on top, and a run folder of this supervisor's own."""
    settings = load_settings(**({"only": tuple(only)} if only else {}))
    if "run_dir" in settings.model_fields_set:
        return settings
    run_dir = Path(tempfile.gettempdir()) / f"ekiben-{os.getuid()}" / str(os.getpid())
    return settings.model_copy(update={"run_dir": run_dir})
