"""Which jobs to list, and a page of them."""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.jobs.job import Job
from ekiben.jobs.states import State


@dataclass(frozen=True, slots=True)
class Filter:
    """All that is set must hold.

    Attributes:
        dead: Only the dead-letter list: jobs that failed and were not retried.
    """

    state: State | None = None
    model: str | None = None
    principal: str | None = None
    dead: bool = False

    @property
    def index(self) -> str:
        """The narrowest index that has all of them."""
        if self.dead:
            return "dead"
        if self.principal is not None:
            return f"of:{self.principal}"
        return f"state:{self.state}" if self.state else "all"


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs; `next` says where to go on, empty at the end."""

    jobs: tuple[Job, ...]
    next: str
