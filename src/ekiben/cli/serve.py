"""`ekiben serve`: check, show the plan, then serve until told to stop."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ekiben.cards.catalogue import load_catalogue
from ekiben.cli.project import find_project
from ekiben.cli.running import run_dirs
from ekiben.cli.supervisor import Supervisor, Target, check_port
from ekiben.devices.machine import measure_machine
from ekiben.devices.plan import Plan
from ekiben.devices.planner import make_plan
from ekiben.gateway.control import CONTROL_NAME
from ekiben.policy.elsewhere import check_advertised, check_elsewhere, check_one_model
from ekiben.policy.exposure import check_exposure
from ekiben.policy.keys_file import read_keys
from ekiben.policy.moderation import load_policy
from ekiben.policy.scaling_rule import scaling_rule
from ekiben.runtimes.upstream_key import check_upstream_keys
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
    if settings.keys_file is not None:
        read_keys(
            settings.keys_file
        )  # One that cannot be read is one line here, and a gateway that never starts later.
    cards = load_catalogue(settings.models_dir or project / "models").select(settings.only)
    load_policy(settings.moderation_policy, cards)
    check_elsewhere([card.name for card in cards], settings)
    local = [card for card in cards if not settings.is_elsewhere(card.name)]
    check_one_model([card.name for card in local], settings)
    check_advertised(settings)
    scaling_rule(settings)
    check_upstream_keys(local, settings)
    plan = make_plan(local, measure_machine(settings))
    Console(stderr=True).print(plan_table(plan))
    check_stored(local, settings)
    check_port(settings.host, settings.port)
    supervisor = Supervisor(settings, Target(_ENTRY_POINT, project), CONTROL_NAME)
    raise typer.Exit(asyncio.run(supervisor.run()))


def plan_table(plan: Plan) -> Table:
    """The plan as a table, one line a model."""
    table = Table(title="plan", title_justify="left")
    for heading in ("model", "devices", "workers", "threads each", "GiB each", "GPU GiB each"):
        table.add_column(heading, justify="left" if heading in ("model", "devices") else "right")
    for place in plan.placements:
        numbers = (place.workers, place.threads, f"{place.memory_gib:g}", f"{place.gpu_memory_gib:g}")
        table.add_row(place.model, ", ".join(sorted(set(place.devices))), *map(str, numbers))
    machine = plan.machine
    gpus = [f"{gpu.device} {plan.gpu_memory_gib(gpu):.1f} of {gpu.memory_gib:.1f} GiB" for gpu in machine.gpus]
    memory = f"memory {plan.memory_gib:.1f} of {machine.memory_gib:.1f} GiB"
    table.caption = "; ".join([memory, f"{machine.threads} CPU threads", *gpus])
    return table


def _settings(only: list[str] | None) -> Settings:
    """The environment's settings, the command line's on top, and a run folder of this supervisor's own."""
    settings = load_settings(**({"only": tuple(only)} if only else {}))
    if "run_dir" in settings.model_fields_set:
        return settings
    run_dir = run_dirs() / str(os.getpid())
    return settings.model_copy(update={"run_dir": run_dir})
