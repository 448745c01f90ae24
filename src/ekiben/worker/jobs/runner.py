"""What a kind of model does with a job."""

from __future__ import annotations

from typing import Protocol

from ekiben.jobs import Job, Result
from ekiben.worker.jobs.workbench import Workbench


class Suspended(Exception):
    """The work stopped because it was asked to; what could be kept is in the job's checkpoint."""


class JobRunner(Protocol):
    """Computes jobs beside a servable's other requests; one for each servable."""

    @property
    def free_slots(self) -> int:
        """How many more jobs would be computed at once rather than wait."""

    async def run(self, job: Job, bench: Workbench) -> Result:
        """Compute a job; cancelling the call stops the computing before the next step.

        Args:
            job: As it was leased; `job.checkpoint` is where to go on.
            bench: Everything that it may do besides computing.

        Raises:
            Suspended: `bench.suspend` was called, and the last checkpoint is the job's.
            Away: What every job needs is not there.
            EkibenError: It failed.
        """
