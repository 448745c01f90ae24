"""Any sequence of operations leaves the queue as a simple model says, and its structures in agreement."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ekiben.errors import IdempotencyConflict, JobNotFound, JobStateConflict, LeaseLost, QueueFull
from ekiben.jobs import Checkpoint, Cost, Fault, Lease, Pointer, Problem, Reason, Result, State
from ekiben.jobs.states import TERMINAL
from tests.integration.jobs.queue_model import LIMITS, RULES, Model, Modelled
from tests.integration.jobs.structure import assert_structures_agree
from tests.unit.jobs.bench import open_bench

_PROBLEM, _COST = Problem(code="internal_error", message="m"), Cost()
_VERBS = ("heartbeat", "checkpoint", "complete", "fail", "permanent", "away", "hand_back")
T = TypeVar("T")


class QueueMachine(RuleBasedStateMachine):
    """The queue beside its model."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.opening = open_bench(self.url, RULES)
        self.bench = self.do(self.opening.__aenter__())
        self.model = Model()
        self.leases: list[Lease] = []
        self.submitted = 0

    def teardown(self) -> None:
        """Erase everything: nothing may stay behind."""
        self.do(self.bench.queue.purge([*self.model.jobs, "job_none"]))
        left = {key.partition(":")[0] for key in self.do(self.bench.keys())}
        expected = {
            "seq",
            "fence",
            "clock",
            "models",
            "news",
            "paid",
            "limits",
            "bell",
            "seen",
            "calls",
            "gone",
            "swept",
            "totals",
        }
        assert left <= expected, left
        self.do(self.opening.__aexit__(None, None, None))
        self.runner.close()

    def do(self, call: Coroutine[Any, Any, T]) -> T:
        """Run to its end."""
        return self.runner.run(call)

    @rule(
        principal=st.sampled_from(sorted(LIMITS)),
        model=st.sampled_from("mn"),
        priority=st.integers(-1, 1),
        delay_s=st.sampled_from([0, 0, 7]),
        deadline_s=st.sampled_from([None, None, 15, 60]),
        key=st.sampled_from([None, None, "k"]),
        body=st.integers(0, 1),
        work=st.sampled_from([0.5, 1, 3]),
    )
    def submit(
        self,
        principal: str,
        model: str,
        priority: int,
        delay_s: int,
        deadline_s: int | None,
        key: str | None,
        body: int,
        work: float,
    ) -> None:
        about = hash((model, priority, delay_s, deadline_s, body, work))
        known = self.model.keys.get((principal, key)) if key else None
        self.submitted += 1
        try:
            job_id = self.do(
                self.bench.submit(
                    id=f"job_{self.submitted:08}",  # An example must be the same when it is run again.
                    principal=principal,
                    model=model,
                    priority=priority,
                    delay_s=delay_s,
                    deadline_s=deadline_s,
                    idempotency_key=key,
                    inline=body,
                    work=work,
                    max_attempts=2,
                    max_running=LIMITS[principal],
                )
            )
        except IdempotencyConflict:
            assert known is not None
            assert known[1] != about
            return
        except QueueFull:
            queued = [self.model.jobs[job_id] for job_id in self.model.having(State.QUEUED)]
            assert known is None
            assert (
                sum(job.model == model for job in queued) >= RULES.max_waiting
                or sum(job.principal == principal for job in queued) >= RULES.max_waiting_each
            )
            return
        if known is not None:
            assert known == (job_id, about)
            return
        now_ms = self.bench.now_ms
        if key:
            self.model.keys[principal, key] = (job_id, about)
        self.model.jobs[job_id] = Modelled(
            principal=principal,
            model=model,
            rank_ms=now_ms - priority * RULES.ageing_ms,
            due_ms=now_ms + delay_s * 1_000,
            deadline_ms=now_ms + deadline_s * 1_000 if deadline_s else 0,
            max_attempts=2,
        )

    @rule(model=st.sampled_from("mn"), worker=st.sampled_from(["w1", "w2"]), slots=st.integers(1, 4))
    def lease(self, model: str, worker: str, slots: int) -> None:
        leases = self.do(self.bench.worker(worker, model).lease(slots)).leases
        now_ms = self.bench.now_ms
        for lease in leases:
            able = self.model.leasable(model, now_ms)
            assert lease.job.id in able
            job = self.model.jobs[lease.job.id]
            mine = [self.model.jobs[job_id] for job_id in able if self.model.jobs[job_id].principal == job.principal]
            assert job.rank_ms == min(other.rank_ms for other in mine)
            assert lease.fence > max((other.fence for other in self.model.jobs.values()), default=0)
            job.state, job.fence, job.lease_until_ms = State.RUNNING, lease.fence, now_ms + RULES.lease_ms
        if len(leases) < slots:
            assert self.model.leasable(model, now_ms) == []
        self.leases += leases
        # Leasing expires what it meets; what it did not meet, the next sweep does.
        for job_id in self.model.having(State.QUEUED):
            if 0 < self.model.jobs[job_id].deadline_ms <= now_ms:
                self.model.jobs[job_id].state = self.do(self.bench.state(job_id))

    def _held(self, lease: Lease) -> Modelled | None:
        job = self.model.jobs.get(lease.job.id)
        return job if job and job.state is State.RUNNING and job.fence == lease.fence else None

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), verb=st.sampled_from(_VERBS))
    def commit(self, data: st.DataObject, verb: str) -> None:
        """Also by workers that have lost their lease long ago."""
        lease = data.draw(st.sampled_from(self.leases))
        job, now_ms = self._held(lease), self.bench.now_ms
        before = self.model.jobs.get(lease.job.id)
        try:
            self._commit(lease, verb)
        except LeaseLost:
            assert job is None
            return
        if job is None:
            # The one commit that may be repeated.
            assert verb == "complete"
            assert before is not None
            assert (before.state, before.fence) == (State.SUCCEEDED, lease.fence)
            return
        if verb in ("heartbeat", "checkpoint"):
            job.lease_until_ms = now_ms + RULES.lease_ms
            if verb == "checkpoint":
                job.checkpoint, job.crashes = lease.fence, 0
        elif job.cancelling:
            job.state = State.CANCELLED
        elif verb == "complete":
            job.state = State.SUCCEEDED
        elif verb == "hand_back":
            job.state, job.due_ms = State.QUEUED, 0
        elif verb == "away":
            job.state, job.due_ms = State.QUEUED, now_ms + 1_500
        else:
            job.failures += 1
            final = verb == "permanent" or job.failures >= job.max_attempts
            job.state = State.FAILED if final else State.QUEUED
            job.due_ms = now_ms + 750
            job.reason = None if not final else Reason.PERMANENT if verb == "permanent" else Reason.EXHAUSTED

    def _commit(self, lease: Lease, verb: str) -> None:
        worker = self.bench.worker("w1", lease.job.model)
        key = f"jobs/{lease.job.id}/{lease.fence}/0"
        pointer = Pointer(key=key, sha256="0", size_bytes=1, media_type="x/y")
        match verb:
            case "heartbeat":
                self.do(worker.heartbeat(lease))
            case "checkpoint":
                self.do(worker.checkpoint(lease, Checkpoint(blob=pointer, step=lease.fence)))
            case "complete":
                self.do(worker.complete(lease, Result(value=lease.fence), _COST))
            case "hand_back":
                self.do(worker.hand_back(lease, _COST))
            case _:
                fault = Fault.TRANSIENT if verb == "fail" else Fault(verb)
                self.do(worker.fail(lease, fault, _PROBLEM, _COST))

    @precondition(lambda self: self.model.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.model.jobs)))
        job = self.model.jobs[job_id]
        try:
            found = self.do(self.bench.queue.cancel(job_id))
        except JobStateConflict:
            assert job.cancelling or job.state in TERMINAL
            return
        assert not job.cancelling
        assert found is (State.CANCELLED if job.state is State.QUEUED else State.RUNNING)
        job.cancelling, job.state = job.state is State.RUNNING, found

    @precondition(lambda self: self.model.jobs)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.model.jobs)))
        job, new_id = self.model.jobs[job_id], f"again_{self.submitted:08}"
        self.submitted += 1
        seen = self.do(self.bench.queue.get(job_id))
        try:
            accepted = self.do(self.bench.queue.retry_with(seen, seen.specification, new_id))
        except JobStateConflict:
            assert job.state in (State.QUEUED, State.RUNNING, State.SUCCEEDED)
            return
        except QueueFull:
            return
        assert accepted.known == (job.retried_as in self.model.jobs)
        if not accepted.known:
            now_ms = self.bench.now_ms
            job.retried_as = new_id
            created = seen.timings.created_ms
            deadline_ms = now_ms + job.deadline_ms - created if job.deadline_ms else 0
            rank_ms = now_ms - seen.priority * RULES.ageing_ms
            self.model.jobs[new_id] = Modelled(job.principal, job.model, rank_ms, 0, deadline_ms, 2)

    @precondition(lambda self: self.model.jobs)
    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.model.jobs)))
        assert self.do(self.bench.queue.purge([job_id])) == [job_id]
        del self.model.jobs[job_id]
        self.model.keys = {key: known for key, known in self.model.keys.items() if known[0] != job_id}
        with pytest.raises(JobNotFound):
            self.do(self.bench.queue.get(job_id))

    @rule(seconds=st.sampled_from([0.5, 3, 8, 11, 70]))
    def advance(self, seconds: float) -> None:
        until = self.bench.now_ms + round(seconds * 1_000)
        while (left_ms := until - self.bench.now_ms) > 0:
            self.do(self.bench.advance(min(left_ms, RULES.lease_ms // 4) / 1_000))
            self.model.pass_time(self.bench.now_ms)
        for job_id in self.model.having(State.QUEUED):
            # The length of a backoff is not this model's subject.
            self.model.jobs[job_id].due_ms = self.do(self.bench.queue.get(job_id)).timings.not_before_ms or 0

    @invariant()
    def every_job_is_as_the_model_says(self) -> None:
        for job_id, expected in self.model.jobs.items():
            found = self.do(self.bench.queue.get(job_id))
            assert found.state is expected.state, job_id
            assert (found.failures, found.crashes, found.reason) == (
                expected.failures,
                expected.crashes,
                expected.reason,
            )
            assert (found.checkpoint.step if found.checkpoint else None) == expected.checkpoint
            assert (found.result is not None) == (expected.state is State.SUCCEEDED)

    @invariant()
    def events_have_no_gap_and_end_with_the_state(self) -> None:
        for job_id, expected in self.model.jobs.items():
            kinds = self.do(self.bench.kinds(job_id))
            assert kinds[0] == "queued"
            ends = [kind for kind in kinds if kind in TERMINAL]
            assert ends == ([expected.state] if expected.state in TERMINAL else [])
            assert not ends or kinds[-1] == expected.state

    @invariant()
    def the_structures_agree(self) -> None:
        self.do(assert_structures_agree(self.bench))


def test_any_sequence_leaves_the_queue_as_its_model_says(valkey_url: str) -> None:
    class Machine(QueueMachine):
        url = valkey_url

    case = Machine.TestCase
    case.settings = settings(
        max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case().runTest()
