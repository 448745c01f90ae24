"""`ekiben spot up` and `ekiben spot down`: a deployment on AWS, made and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ekiben.cli.spot_plan import CONFIG, Backend, Config, make_pusher, open_config

if TYPE_CHECKING:
    from ekiben.deploy.spot.plan import Action
    from ekiben.deploy.spot.resource import Resource

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def up(*, config: Config = CONFIG, backend: Backend = "docker", yes: Yes = False) -> None:
    """Make a deployment on AWS as its file says, or mend it. What is so already is not touched."""
    from ekiben.cli import spot_report as report
    from ekiben.deploy.spot.operations import bring_up, is_change, plan_up

    world, pusher = open_config(config), make_pusher(backend)
    changes = plan_up(world, pusher)
    typer.echo(f"{report.head(world.deployment)}\n\n{report.changes(changes)}")
    if not any(map(is_change, changes)):
        return
    if not yes:
        typer.confirm("Go on?", abort=True)
    # What was found for the plan may have changed while somebody read it.
    world = open_config(config)
    bring_up(world, pusher, _tell)
    balancer = world.found["load-balancer"]
    scheme = "https" if world.deployment.config.entrance.certificate_arn else "http"
    typer.echo(f"up: {scheme}://{balancer.fields['address']}; it answers when the control node is ready")


def down(
    *,
    config: Config = CONFIG,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Leave the jobs' volume, its snapshots and the bucket.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")] = False,
) -> None:
    """Remove a deployment from AWS, with all that is in it, and see that nothing is left."""
    from ekiben.cli import spot_report as report
    from ekiben.deploy.spot.operations import bring_down, plan_down

    world, pusher = open_config(config), make_pusher("docker")
    changes = plan_down(world, pusher, keep_data=keep_data)
    typer.echo(f"{report.head(world.deployment)}\n\n{report.changes(changes)}")
    if not yes:
        typer.echo("nothing was removed; --yes does it")
        return
    bring_down(open_config(config), pusher, _tell, keep_data=keep_data)
    typer.echo("down: nothing with the deployment's tag is left" + (" but its data" if keep_data else ""))


def _tell(action: Action, resource: Resource) -> None:
    if action != "none":
        typer.echo(f"{action.value:<8}{resource.kind} {resource.name}")
