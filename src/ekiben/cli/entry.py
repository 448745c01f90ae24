"""The console script: says in one line what is missing where only the light client is installed."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from ekiben.cli.main import main as run
    except ModuleNotFoundError as error:
        if (error.name or "ekiben").partition(".")[0] == "ekiben":
            raise
        sys.exit(f"ekiben: {error.name} is not installed; the command needs: pip install 'ekiben[all]'")
    run()
