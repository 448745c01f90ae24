"""Durable jobs: accepted means done, once, wherever machines die.

A library on one Valkey server (or one slot of a cluster) and one store of blobs. Its public face is here; a module for
each line.

    the caller's side, for the gateway and the command line
        queue         JobQueue: submit, submit_all, get, list, cancel, purge, statistics
        submission    Submission: what is handed in; its idempotency and digest
        retrying      a failed job again, as a new one
        events        Events: read, follow without gaps after any number (news wakes all listeners of a process)
        erasure       Erasure: by job, by principal, blobs included
    the worker's side
        leasing       Leasing: wait, lease, heartbeat, checkpoint, then complete | fail | hand_back
        blobs         Blobs: the seam to the object store; where inputs, checkpoints and results lie
        object_blobs  ObjectBlobs: the folder or bucket of all other objects behind that seam
        deliveries    Deliveries: webhooks that are due, for whoever sends them
    both sides
        board         Board: entries that processes renew, and read of each other
        presence      Presence: the workers that are there; they announce themselves, gateways read
    by itself, in the supervisor or any gateway
        sweeping      Sweeper: leases and deadlines that ran out, delays that passed, retention
        orphans       collect_orphans: blobs that no record names
        ownership     own: whether these blobs are this queue's at all
        migration     migrate: waiting jobs of an older schema
        embedded      EmbeddedValkey: the server, where no address of one is set
        opening       all of it from the settings

    what a job is: job, states (the picture), faults, schema, record, rules
    how it is kept: store (runs the operations), scripts (renders them), lua/ (one atomic operation each),
                    connection (a node of a cluster, a lost server), durability (whether jobs are accepted at all),
                    unending (loops that go on whatever happens)

What holds, whoever dies when:

- `submit` returns only when the job is on disk. An idempotency key and its job come into being in the same step.
- Every job reaches exactly one terminal state; its last event is published in the same step.
- A job is computed at least once and published once: commits compare the lease's fence, blobs lie under theirs.
- Nothing depends on the clock of a worker or a caller.
"""

from ekiben.jobs.batch import Batch
from ekiben.jobs.blobs import BlobEntry, Blobs
from ekiben.jobs.board import Board
from ekiben.jobs.deliveries import Attempt, Deliveries, Delivery, DeliveryLog
from ekiben.jobs.embedded import EmbeddedValkey
from ekiben.jobs.erasure import Erasure
from ekiben.jobs.events import Event, Events
from ekiben.jobs.faults import Fault
from ekiben.jobs.job import Checkpoint, Cost, Job, Pointer, Problem, Progress, Result, Specification, Timings
from ekiben.jobs.leasing import Lease, Leasing
from ekiben.jobs.listing import Filter, Page
from ekiben.jobs.migration import migrate
from ekiben.jobs.news import News
from ekiben.jobs.object_blobs import ObjectBlobs
from ekiben.jobs.opening import embedded_valkey, open_blobs, open_store
from ekiben.jobs.orphans import collect_orphans
from ekiben.jobs.ownership import own
from ekiben.jobs.presence import Announcement, Presence
from ekiben.jobs.queue import Accepted, JobQueue
from ekiben.jobs.retrying import retry_with_blobs
from ekiben.jobs.rules import QueueRules
from ekiben.jobs.states import Reason, State
from ekiben.jobs.store import Store
from ekiben.jobs.submission import Submission, new_job_id
from ekiben.jobs.sweeping import Sweeper
from ekiben.jobs.unending import for_ever

__all__ = [
    "Accepted",
    "Announcement",
    "Attempt",
    "Batch",
    "BlobEntry",
    "Blobs",
    "Board",
    "Checkpoint",
    "Cost",
    "Deliveries",
    "Delivery",
    "DeliveryLog",
    "EmbeddedValkey",
    "Erasure",
    "Event",
    "Events",
    "Fault",
    "Filter",
    "Job",
    "JobQueue",
    "Lease",
    "Leasing",
    "News",
    "ObjectBlobs",
    "Page",
    "Pointer",
    "Presence",
    "Problem",
    "Progress",
    "QueueRules",
    "Reason",
    "Result",
    "Specification",
    "State",
    "Store",
    "Submission",
    "Sweeper",
    "Timings",
    "collect_orphans",
    "embedded_valkey",
    "for_ever",
    "migrate",
    "new_job_id",
    "open_blobs",
    "open_store",
    "own",
    "retry_with_blobs",
]
