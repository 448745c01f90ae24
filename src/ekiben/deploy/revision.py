"""Which state of the sources is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ekiben.deploy.program import run_program
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

_FILES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, 40 hex digits or "unknown", and whether the tree differs from it."""

    commit: str
    dirty: bool


def read_revision(project: Path, *, allow_dirty: bool) -> Revision:
    """Ask git.

    Raises:
        BuildError: The tree differs from its commit, or there is no commit, and that is not allowed.
    """
    try:
        commit = run_program(["git", "rev-parse", "HEAD"], folder=project).strip()
        changed = run_program(["git", "status", "--porcelain"], folder=project).splitlines()
    except BuildError as error:
        if not allow_dirty:
            raise BuildError(
                f"{project} is no git checkout, so that nobody could say what was built; {_WAY_OUT}"
            ) from error
        return Revision("unknown", dirty=True)
    if changed and not allow_dirty:
        names = ", ".join(line[3:] for line in changed[:_FILES_SHOWN]) + (", …" if len(changed) > _FILES_SHOWN else "")
        raise BuildError(f"the tree differs from its last commit ({names}); commit first, or {_WAY_OUT}")
    return Revision(commit, dirty=bool(changed))


_WAY_OUT: Final = "build with --dirty, which the Bento's labels will say"
