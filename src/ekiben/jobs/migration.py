"""Rewrites waiting jobs in the present form, once no older process is left to read them.

Nothing needs it to be able to read: records are upgraded as they are read (`ekiben.jobs.schema`). It ends the need for
old upgrades before they are removed from the code.
"""

from __future__ import annotations

from ekiben.jobs.listing import Filter
from ekiben.jobs.queue import JobQueue
from ekiben.jobs.states import State
from ekiben.jobs.store import Store


async def migrate(store: Store) -> int:
    """Rewrite every waiting job of an older version; returns how many. Others may go on meanwhile, also doing this.

    Raises:
        QueueUnavailable: The store cannot be reached.
    """
    queue, schema, migrated, after = JobQueue(store), store.schema, 0, ""
    while True:
        page = await queue.page(Filter(state=State.QUEUED), after=after, limit=500)
        calls = [
            # Reading has upgraded the specification already.
            (job.id, job.version, job.specification.model_dump_json(), schema.version, schema.oldest_reader)
            for job in page.jobs
            if job.version < schema.version
        ]
        migrated += sum(map(int, await store.run_all("migrate", calls))) if calls else 0
        if not page.next:
            return migrated
        after = page.next
