"""What an operator may decide about a queue; constants to the Lua operations."""

from __future__ import annotations

from dataclasses import dataclass, field

from ekiben.jobs.faults import Fault


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a job waits after its n-th failure: `base_ms` × 2ⁿ⁻¹, at most `cap_ms`, half of it at random."""

    base_ms: int
    cap_ms: int


def _backoffs() -> dict[Fault, Backoff]:
    return {
        Fault.TRANSIENT: Backoff(1_000, 60_000),
        Fault.CAPACITY: Backoff(5_000, 300_000),
        Fault.AWAY: Backoff(2_000, 60_000),
        Fault.CRASH: Backoff(500, 60_000),
    }


@dataclass(frozen=True, slots=True)
class QueueRules:
    """Times and bounds of one queue.

    Attributes:
        lease_ms: A worker that has not been heard of for so long has lost its jobs.
        ageing_ms: Waiting for so long counts as much as one step of priority.
        max_waiting: Jobs that may wait for one model.
        max_waiting_each: Jobs of one principal that may wait.
        max_crashes: Workers a job may take with it between two checkpoints.
        idempotency_ms: How long an idempotency key is remembered.
        retention_ms: How long a job that has ended is kept.
        max_kept_each: Ended jobs of one principal that are kept; past that the oldest go before their time.
        gone_ms: How long the owner of an erased job is told that it was there.
        backoffs: Waits after failures, by their kind.
    """

    lease_ms: int = 15_000
    ageing_ms: int = 60_000
    max_waiting: int = 100_000
    max_waiting_each: int = 50_000
    max_crashes: int = 3
    idempotency_ms: int = 24 * 3_600_000
    retention_ms: int = 7 * 24 * 3_600_000
    max_kept_each: int = 100_000
    gone_ms: int = 24 * 3_600_000
    backoffs: dict[Fault, Backoff] = field(default_factory=_backoffs)
