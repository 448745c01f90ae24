"""How a command ends when something is wrong: one clear line on standard error, exit status 1."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from ekiben.errors import EkibenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and end the process; a defect keeps its traceback.

    Raises:
        SystemExit: Always: with the command's own status, or 1 for an error of ours, whose message is shown.
    """
    try:
        app(args=None if arguments is None else list(arguments))
    except EkibenError as error:
        sys.stderr.write(f"ekiben: {error.message}\n")
        sys.exit(1)
    sys.exit(0)
