"""Which jobs to list, and a page of them."""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.jobs.job import Job
from ekiben.jobs.states import State


@dataclass(frozen=True, slots=True)
class Filter:
    """All that is set must hold.

    Attributes:
        created_after_ms: Created then or later, in milliseconds since 1970.
        created_before_ms: Created before.
        dead: Only the dead-letter list: jobs that failed and were not retried.
    """

    state: State | None = None
    model: str | None = None
    principal: str | None = None
    task: str | None = None
    batch: str | None = None
    created_after_ms: int | None = None
    created_before_ms: int | None = None
    dead: bool = False

    @property
    def index(self) -> str:
        """The narrowest index that has all of them."""
        if self.dead:
            return "dead"
        if self.batch is not None:
            return f"batch_jobs:{self.batch}"
        if self.principal is not None:
            return f"of:{self.principal}"
        return f"state:{self.state}" if self.state else "all"

    @property
    def conditions(self) -> list[str]:
        """What the operation `list` compares, empty where anything goes."""
        wanted = (self.state, self.model, self.principal, self.task, self.batch)
        times = (self.created_after_ms, self.created_before_ms)
        return [*(each or "" for each in wanted), *("" if each is None else str(each) for each in times)]


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs; `next` says where to go on, empty at the end."""

    jobs: tuple[Job, ...]
    next: str
