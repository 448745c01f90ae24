"""The `ekiben` command: its sub-commands, and one clear line for an operator's mistake."""

from __future__ import annotations

import typer

from ekiben.cli import jobs, keys, models, spot
from ekiben.cli.agent import agent
from ekiben.cli.build import build
from ekiben.cli.containerize import containerize
from ekiben.cli.cost import cost
from ekiben.cli.doctor import doctor
from ekiben.cli.failures import run
from ekiben.cli.serve import serve

app = typer.Typer(
    name="ekiben",
    help="Machine-learning models as production services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(agent)
app.command()(doctor)
app.command()(build)
app.command()(containerize)
app.command()(cost)
app.add_typer(models.app, name="models", help="Model cards and weights.")
app.add_typer(jobs.app, name="jobs", help="Durable jobs.")
app.add_typer(keys.app, name="keys", help="API keys.")
app.add_typer(spot.app, name="spot", help="Spot instances.")


def main() -> None:
    """Entry point of the console script."""
    run(app)
