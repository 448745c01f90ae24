"""`ekiben spot plan`: what would be made, changed and removed, what it costs and which rights it takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.instance import Catalogue
    from ekiben.deploy.spot.bill import Bill
    from ekiben.deploy.spot.pushing import Pusher
    from ekiben.deploy.spot.world import World

CONFIG = Path("deploy/spot.yaml")
Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The deployment.")]
CatalogueFile = Annotated[
    Path | None, typer.Option("--catalogue", metavar="FILE", help="A catalogue refreshed by `ekiben cost --refresh`.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Backend = Annotated[str, typer.Option(metavar="PROGRAM", help="What pushes images: docker, podman or buildah.")]


def plan(
    *,
    config: Config = CONFIG,
    catalogue: CatalogueFile = None,
    policy: Annotated[
        bool, typer.Option("--policy", help="Print an IAM policy with all the rights it takes, and end.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what `ekiben spot up` would do. Changes nothing."""
    from ekiben.cli import spot_report as report
    from ekiben.deploy.catalogue.catalogue_file import read_catalogue
    from ekiben.deploy.spot.config_file import read_config
    from ekiben.deploy.spot.inventory import inventory
    from ekiben.deploy.spot.operations import plan_up
    from ekiben.deploy.spot.resources.data_volume import Snapshots
    from ekiben.deploy.spot.rights import policy_of, rights

    pusher = make_pusher("docker")
    if policy:
        typer.echo(json.dumps(policy_of(read_config(config), pusher), indent=2))
        return
    known = read_catalogue(catalogue)
    world = open_config(config)
    needed = rights((Snapshots(), *inventory(world.deployment, pusher)))
    changes = plan_up(world, pusher)
    costs = _costs(world, known)
    if as_json:
        typer.echo(json.dumps(report.facts(world.deployment, changes, costs, needed), indent=2))
        return
    typer.echo(
        "\n\n".join([report.head(world.deployment), report.changes(changes), report.bill(costs), report.rights(needed)])
    )


def open_config(path: Path) -> World:
    """The deployment of a file, and AWS.

    Raises:
        OperatorError: The file is wrong, or AWS refuses.
    """
    from ekiben.deploy.spot.clients import make_clients
    from ekiben.deploy.spot.config_file import read_config
    from ekiben.deploy.spot.opening import open_world

    config = read_config(path)
    return open_world(config, make_clients(config.region))


def make_pusher(backend: str) -> Pusher:
    """What brings images to ECR.

    Raises:
        BuildError: There is no such program.
    """
    from ekiben.deploy.image_build import parse_backend
    from ekiben.deploy.spot.pushing import ProgramPusher

    return ProgramPusher(parse_backend(backend))


def _costs(world: World, known: Catalogue) -> Bill:
    from ekiben.deploy.spot.bill import Bill
    from ekiben.deploy.spot.money import month_costs, type_costs
    from ekiben.deploy.spot.prices_now import spot_prices_now

    types = type_costs(world.deployment, known, spot_prices_now(world, datetime.now(UTC)))
    return Bill(world.deployment, known, types, month_costs(world.deployment, types))
