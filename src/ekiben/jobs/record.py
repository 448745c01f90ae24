"""From the fields of a record in the store to a `Job`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ekiben.jobs.job import Checkpoint, Cost, Job, Problem, Progress, Result, Specification, Timings
from ekiben.jobs.schema import Schema
from ekiben.jobs.states import Reason, State


def fields_of(flat: Sequence[str]) -> dict[str, str]:
    """Field, value, field, value ... as the server sends a hash."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def job_of(fields: Mapping[str, str], schema: Schema, place: int = 0) -> Job:
    """Read a record that this process, an older or a newer one has written."""
    version = int(fields["v"])
    document = schema.upgrade(json.loads(fields["spec"]), version)
    problem, progress, checkpoint = fields.get("error"), fields.get("progress"), fields.get("checkpoint")
    result, cost, reason = fields.get("result"), fields.get("cost"), fields.get("reason")
    return Job(
        id=fields["id"],
        model=fields["model"],
        principal=fields["principal"],
        state=State(fields["state"]),
        specification=Specification.model_validate(document),
        priority=int(fields["priority"]),
        place=place,
        attempts=int(fields["attempts"]),
        failures=int(fields["failures"]),
        crashes=int(fields["crashes"]),
        max_attempts=int(fields["max_attempts"]),
        fence=int(fields["fence"]),
        worker=fields.get("worker"),
        cancelling="cancel" in fields,
        progress=Progress.model_validate_json(progress) if progress else None,
        checkpoint=Checkpoint.model_validate_json(checkpoint) if checkpoint else None,
        result=Result.model_validate_json(result) if result else None,
        problem=Problem.model_validate_json(problem) if problem else None,
        reason=Reason(reason) if reason else None,
        cost=Cost.model_validate_json(cost) if cost else Cost(),
        timings=_timings(fields),
        retry_of=fields.get("retry_of"),
        retried_as=fields.get("retried_as"),
        batch=fields.get("batch") or None,
        verdict=fields.get("verdict"),
        version=version,
    )


def _timings(fields: Mapping[str, str]) -> Timings:
    def at(field: str) -> int | None:
        return int(fields.get(field, "0")) or None

    return Timings(
        created_ms=int(fields["created"]),
        not_before_ms=at("not_before"),
        deadline_ms=at("deadline"),
        started_ms=at("started"),
        leased_ms=at("leased"),
        finished_ms=at("finished"),
    )
