"""`ekiben spot status` and `cost`: instances, jobs, and what they cost."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ekiben.cli.columns import aligned, usd
from ekiben.cli.spot_plan import CONFIG, CatalogueFile, Config, Json, open_config
from ekiben.errors import EkibenError

if TYPE_CHECKING:
    from ekiben.deploy.operating.status import Priced, Status
    from ekiben.deploy.spot.world import World

_COLUMNS = ("instance", "role", "market", "type", "zone", "state", "healthy", "up", "USD/h", "on demand", "saved USD")
_CLEAR = "\x1b[2J\x1b[H"


def status(
    *,
    config: Config = CONFIG,
    catalogue: CatalogueFile = None,
    url: Annotated[
        str,
        typer.Option(
            envvar="EKIBEN_BASE_URL", help="Where the gateway is; asked for jobs with the key in EKIBEN_API_KEY."
        ),
    ] = "",
    watch: Annotated[float | None, typer.Option(min=1, metavar="SECONDS", help="Show it again and again.")] = None,
    as_json: Json = False,
) -> None:
    """Show the deployment's instances, its jobs, what they cost and what spot has saved."""
    from ekiben.deploy.catalogue.catalogue_file import read_catalogue
    from ekiben.deploy.operating import status as operations
    from ekiben.deploy.spot.failures import told

    world, prices = open_config(config), read_catalogue(catalogue)
    while True:
        with told():
            found = operations.status(world, prices, datetime.now(UTC))
        jobs = _jobs(url)
        if watch and not as_json:
            typer.echo(_CLEAR, nl=False)
        typer.echo(json.dumps(_facts(world, found, jobs)) if as_json else _text(world, found, jobs))
        if not watch:
            return
        time.sleep(watch)


def cost(*, config: Config = CONFIG, catalogue: CatalogueFile = None, as_json: Json = False) -> None:
    """Show what the instances that run now cost, by role and market, and would cost on demand."""
    from ekiben.deploy.catalogue.advice import HOURS_PER_MONTH
    from ekiben.deploy.catalogue.catalogue_file import read_catalogue
    from ekiben.deploy.operating import status as operations
    from ekiben.deploy.spot.failures import told

    world, prices = open_config(config), read_catalogue(catalogue)
    with told():
        found = operations.status(world, prices, datetime.now(UTC))
    lines: list[dict[str, Any]] = [
        {
            "role": role,
            "market": market,
            "instances": len(of),
            "usd_per_h": sum(each.usd_per_h or 0.0 for each in of),
            "on_demand_usd_per_h": sum(each.on_demand_usd_per_h or 0.0 for each in of),
        }
        for (role, market), of in sorted(_by_role(found).items())
    ]
    budget = world.deployment.config.budget
    month = found.usd_per_h * HOURS_PER_MONTH
    if as_json:
        typer.echo(json.dumps({"lines": lines, "usd_per_month": month, "budget_usd": budget and budget.usd_per_month}))
        return
    head = ("role", "market", "instances", "USD/h", "on demand")
    rows = [
        (
            str(line["role"]),
            str(line["market"]),
            str(line["instances"]),
            usd(line["usd_per_h"]),
            usd(line["on_demand_usd_per_h"]),
        )
        for line in lines
    ]
    typer.echo(aligned([head, *rows]))
    typer.echo(
        f"at this rate {month:.2f} USD a month, instances alone{_unpriced(found)}"
        + (f"; the budget is {budget.usd_per_month:.2f}" if budget else "")
    )


def _by_role(found: Status) -> dict[tuple[str, str], list[Priced]]:
    groups: dict[tuple[str, str], list[Priced]] = {}
    for each in found.instances:
        groups.setdefault((each.member.role, each.member.market), []).append(each)
    return groups


def _text(world: World, found: Status, jobs: str | dict[str, dict[str, int]]) -> str:
    rows = [_row(each, found.at) for each in found.instances]
    total = (
        f"{len(rows)} instances, {found.usd_per_h:.2f} USD/h{_unpriced(found)};"
        f" {found.on_demand_usd_per_h:.2f} on demand; {found.saved_usd:.2f} USD saved by those that run"
    )
    table = aligned([_COLUMNS, *rows]) if rows else "no instances"
    lines = [f"{world.deployment.config.name} in {world.deployment.region}", table, total, _jobs_line(jobs)]
    return "\n".join([*lines, *(f"not launched: {trouble}" for trouble in found.troubles)])


def _row(each: Priced, at: datetime) -> tuple[str, ...]:
    member = each.member
    up_s = (at - member.launched_at).total_seconds()
    return (
        member.id,
        member.role,
        member.market,
        member.instance_type,
        member.zone,
        member.state,
        "yes" if member.healthy else "no",
        f"{up_s / 3600:.1f} h",
        usd(each.usd_per_h),
        usd(each.on_demand_usd_per_h),
        usd(each.saved_usd),
    )


def _unpriced(found: Status) -> str:
    return f", {found.unpriced} without a known price" if found.unpriced else ""


def _facts(world: World, found: Status, jobs: str | dict[str, dict[str, int]]) -> dict[str, Any]:
    def fact(each: Priced) -> dict[str, Any]:
        member = each.member._asdict() | {"launched_at": each.member.launched_at.isoformat()}
        return member | {name: value for name, value in each._asdict().items() if name != "member"}

    return {
        "deployment": world.deployment.config.name,
        "region": world.deployment.region,
        "at": found.at.isoformat(),
        "instances": [fact(each) for each in found.instances],
        "usd_per_h": found.usd_per_h,
        "on_demand_usd_per_h": found.on_demand_usd_per_h,
        "saved_usd": found.saved_usd,
        "jobs": jobs,
        "troubles": list(found.troubles),
    }


def _jobs(url: str) -> str | dict[str, dict[str, int]]:
    """Jobs by model and state, or why they are not known."""
    from prometheus_client.parser import text_string_to_metric_families

    from ekiben.client.client import Client

    if not url:
        return "unknown: EKIBEN_BASE_URL is not set"
    try:
        with Client(base_url=url, timeout=5.0) as client:
            text = client.metrics()
    except EkibenError as error:
        return f"unknown: {error.message}"
    found: dict[str, dict[str, int]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "ekiben_jobs":
                found.setdefault(sample.labels["model"], {})[sample.labels["state"]] = int(sample.value)
    return found


def _jobs_line(jobs: str | dict[str, dict[str, int]]) -> str:
    if isinstance(jobs, str):
        return f"jobs {jobs}"
    by_model = (
        f"{model}: " + (", ".join(f"{count} {state}" for state, count in states.items() if count) or "none")
        for model, states in sorted(jobs.items())
    )
    return "jobs " + ("; ".join(by_model) or "none")
