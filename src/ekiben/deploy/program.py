"""Runs other people's programs to their end."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from ekiben.errors import BuildError
from ekiben.settings import child_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LINES_SHOWN: Final = 30


def run_program(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    watched: bool = False,
    given: str | None = None,
) -> str:
    """Run a program and return what it wrote on standard output.

    Args:
        command: The program and its arguments; no shell reads them.
        folder: Where it runs.
        environment: All of its environment; by default this process's.
        watched: Leave its output to the terminal, for programs that take minutes; nothing is returned then.
        given: What it reads on standard input; None: nothing.

    Raises:
        BuildError: It is not installed, or it failed; with the end of what it wrote.
    """
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the callers' own words
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL if given is None else None,
            input=given,
            stdout=None if watched else subprocess.PIPE,
            stderr=None if watched else subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise BuildError(f"{command[0]} is not installed, or not on the PATH") from None
    if done.returncode:
        written = "" if watched else "\n".join((done.stdout + done.stderr).strip().splitlines()[-_LINES_SHOWN:])
        raise BuildError(f"`{' '.join(command[:4])} …` failed with status {done.returncode}\n{written}".rstrip())
    return done.stdout or ""


def plain_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without Ekiben's settings: what is built must not depend on who builds it."""
    kept = {name: value for name, value in child_environment().items() if not name.startswith("EKIBEN_")}
    return {**kept, "BENTOML_DO_NOT_TRACK": "True", **changes}
