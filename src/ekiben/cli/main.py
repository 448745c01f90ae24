"""The `ekiben` command: its sub-commands, and one clear line for an operator's mistake."""

from __future__ import annotations

import sys

import typer

from ekiben.cli import models
from ekiben.cli.doctor import doctor
from ekiben.cli.serve import serve
from ekiben.errors import OperatorError

app = typer.Typer(
    name="ekiben",
    help="Machine-learning models as production services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(doctor)
app.add_typer(models.app, name="models", help="Model cards and weights.")


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except OperatorError as error:
        sys.stderr.write(f"ekiben: {error.message}\n")
        sys.exit(1)
