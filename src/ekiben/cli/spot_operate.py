"""`ekiben spot drain`, `rotate`, `rollback` and `logs`: what an operator does with a deployment that is up."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ekiben.cli.spot_plan import CONFIG, Config, open_config
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.operating.logs import Line
    from ekiben.deploy.operating.refresh import Progress
    from ekiben.deploy.spot.world import World

_Model = Annotated[str, typer.Argument(help="Served name of the model.")]
_Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is over.")]


def drain(
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", help="EC2's id.")],
    *,
    config: Config = CONFIG,
    fewer: Annotated[bool, typer.Option("--fewer", help="Start no other in its place.")] = False,
    wait: _Wait = True,
) -> None:
    """Have a worker instance hand its work back and go; another takes its place."""
    from ekiben.deploy.operating import draining
    from ekiben.deploy.spot.failures import told

    world = open_config(config)
    with told():
        found = draining.drain(world, instance, fewer=fewer)
        typer.echo(f"{instance} of {found.role} is told to go" + ("" if fewer else "; another is started"))
        if wait:
            _until_gone(world, instance)


def rotate(
    model: _Model,
    *,
    config: Config = CONFIG,
    blue_green: Annotated[
        bool, typer.Option("--blue-green", help="All new instances first, then the old ones go at once.")
    ] = False,
    wait: _Wait = True,
) -> None:
    """Replace a model's instances by the version that `ekiben spot up` has prepared; taken back when it is worse.

    `control` instead of a model replaces the control node. The gateway is away for some minutes then; jobs wait.
    """
    from ekiben.deploy.operating.refresh import Mode
    from ekiben.deploy.operating.rotation import rotate as begin
    from ekiben.deploy.spot.failures import told

    world = open_config(config)
    with told():
        if model == "control":
            _replace_control(world, wait=wait)
            return
        if begin(world, model, Mode.BLUE_GREEN if blue_green else Mode.ROLLING) is None:
            typer.echo(f"every instance of {model} has the newest version")
        elif wait:
            _watch(world, model, "Successful")


def rollback(model: _Model, *, config: Config = CONFIG, wait: _Wait = True) -> None:
    """Take a rotation back that runs, or else go back to the version before."""
    from ekiben.deploy.operating.rotation import roll_back
    from ekiben.deploy.spot.failures import told

    world = open_config(config)
    with told():
        roll_back(world, model)
        if wait:
            _watch(world, model, "Successful", "RollbackSuccessful")


def logs(
    roles: Annotated[
        list[str] | None, typer.Argument(metavar="[ROLE]…", help="`control` or models; none: all.")
    ] = None,
    *,
    config: Config = CONFIG,
    since: Annotated[float, typer.Option(min=0, metavar="MINUTES", help="Begin so long ago.")] = 15.0,
    instance: Annotated[str, typer.Option(metavar="ID", help="Of this one.")] = "",
    pattern: Annotated[str, typer.Option(help="CloudWatch's filter pattern, such as ERROR.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is written from now on.")] = False,
) -> None:
    """Print what the instances wrote."""
    from ekiben.deploy.operating import logs as operations
    from ekiben.deploy.spot.failures import told

    world = open_config(config)
    query = operations.Query(roles or (), datetime.now(UTC) - timedelta(minutes=since), instance, pattern)
    with told():
        for line in operations.follow(world, query, _pause) if follow else operations.lines(world, query):
            typer.echo(_shown(line))


def _replace_control(world: World, *, wait: bool) -> None:
    from ekiben.deploy.operating import draining

    old = draining.replace_control(world)
    typer.echo(f"{old.id} is told to go; the group starts another")
    if wait:
        _until_gone(world, old.id)


def _until_gone(world: World, instance: str) -> None:
    from ekiben.deploy.operating.draining import wait_until_gone

    wait_until_gone(world, instance, lambda state: typer.echo(f"{instance} {state}"), time.sleep)
    typer.echo(f"{instance} is gone")


def _watch(world: World, model: str, *good: str) -> None:
    from ekiben.deploy.operating.rotation import watch

    def tell(progress: Progress) -> None:
        typer.echo(
            f"{model} {progress.status} {progress.percent} %" + (f": {progress.reason}" if progress.reason else "")
        )

    ended = watch(world, model, tell, time.sleep)
    if ended.status not in good:
        raise OperatorError(f"the rotation of {model} ended as {ended.status}: {ended.reason or 'AWS says no more'}")


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _shown(line: Line) -> str:
    return f"{line.at:%Y-%m-%d %H:%M:%S} {line.role} {line.stream} {line.text}"
