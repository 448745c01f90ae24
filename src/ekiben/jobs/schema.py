"""Versions of the records, and how old and new processes read each other's.

A record says with which version it was written and which is the oldest that may run it. Reading an older one upgrades
it in memory. A worker older than a job's oldest reader is not given that job; it waits for a newer worker. Fields are
only ever added, so that an older process can still show what it cannot run.

To change the schema: raise `version`, add the step to `upgrades`, and raise `oldest_reader` only where an older worker
would compute something else. `ekiben.jobs.migration` rewrites what waits once no older process is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Schema:
    """A version of the specification's form.

    Attributes:
        upgrades: From a version to the next; takes and returns a whole specification.
    """

    version: int
    oldest_reader: int
    upgrades: Mapping[int, Callable[[Document], Document]] = field(default_factory=dict)

    def upgrade(self, document: Document, version: int) -> Document:
        """A specification as this version would have written it; a newer one is returned as it is."""
        for step in range(version, self.version):
            document = self.upgrades[step](document)
        return document


CURRENT: Final = Schema(version=1, oldest_reader=1)
