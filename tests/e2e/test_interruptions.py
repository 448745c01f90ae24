"""Instances are taken, with and without notice, while pictures are drawn; the bench in its short form."""

from __future__ import annotations

import pytest

from benchmarks.harness.criteria import missed
from benchmarks.interruptions.report import criteria
from benchmarks.interruptions.run import put_to_test, short_plan
from benchmarks.interruptions.schedule import NO_NOTICE

pytestmark = pytest.mark.slow


async def test_no_job_no_step_and_no_request_is_lost_when_instances_are_taken(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    plan = short_plan(seed=3)
    outcome = await put_to_test(plan, tmp_path_factory.mktemp("i"))
    silent = sum(each.kind == NO_NOTICE for each in outcome.taken)
    assert (silent, len(outcome.taken) - silent) == (4, 4)
    assert missed(criteria(plan, outcome)) == []
    assert outcome.verdict.interrupted
