"""The operator's commands on a real queue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ekiben.cli.jobs import app
from ekiben.errors import ConfigurationError, JobNotFound
from ekiben.jobs import Accepted, Cost, Fault, JobQueue, Leasing, Problem, Store, Submission
from tests.unit.jobs.server import running_valkey


@pytest.fixture
def url(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A queue that the settings name."""
    with running_valkey(tmp_path_factory.mktemp("v")) as server:
        monkeypatch.setenv("EKIBEN_VALKEY_URL", server.url)
        monkeypatch.setenv("EKIBEN_STATE_DIR", str(tmp_path))
        yield server.url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def submitted(url: str, **more: str) -> str:
    async def submit() -> Accepted:
        async with Store(url) as store:
            given = {"model": "m", "task": "t", "principal": "p", "inline": "a secret prompt", **more}
            return await JobQueue(store).submit(Submission.model_validate(given))

    return asyncio.run(submit()).id


def failed(url: str) -> None:
    async def fail() -> None:
        async with Store(url) as store:
            worker = Leasing(store, "m", "w")
            (lease,) = (await worker.lease(1)).leases
            await worker.fail(lease, Fault.PERMANENT, Problem(code="out_of_memory", message="too large"), Cost())

    asyncio.run(fail())


def test_the_list_has_every_keys_jobs_and_no_content(url: str) -> None:
    first, second = submitted(url), submitted(url, principal="q", model="n")
    shown = run("list").stdout
    assert first in shown
    assert second in shown
    assert "secret" not in shown
    assert first not in run("list", "--key", "q").stdout
    (line,) = run("list", "--model", "n", "--json").stdout.splitlines()
    assert (json.loads(line)["id"], json.loads(line)["state"]) == (second, "queued")
    assert "secret" not in run("show", first).stdout + run("show", first, "--json").stdout


def test_dead_letters_are_done_again(url: str) -> None:
    job_id = submitted(url)
    failed(url)
    assert "out_of_memory" in run("dead").stdout
    assert run("requeue", "--code", "other").stdout == ""
    assert f"{job_id} is done again as job_" in run("requeue", "--code", "out_of_memory").stdout
    assert job_id not in run("dead").stdout


def test_what_cannot_be_done_for_one_job_is_told_and_done_for_the_others(url: str) -> None:
    waiting, dead = submitted(url), submitted(url, priority="1")
    failed(url)
    result = run("retry", waiting, "job_nothing", dead)
    assert result.exit_code == 1
    assert f"{dead} is done again as job_" in result.stdout
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == [waiting, "job_nothing"]
    assert run("cancel", "job_nothing", waiting).exit_code == 1
    assert '"cancelled"' in run("show", waiting, "--json").stdout


def test_jobs_of_this_version_need_no_rewriting(url: str) -> None:
    submitted(url)
    assert run("migrate").stdout == "0 jobs are rewritten\n"


def test_cancel_and_purge(url: str) -> None:
    first, second, third = submitted(url), submitted(url), submitted(url)
    assert "is cancelled" in run("cancel", first).stdout
    assert "is erased" in run("purge", first).stdout
    with pytest.raises(JobNotFound):
        run("show", first)
    assert "2 jobs are erased" in run("purge", "--key", "p").stdout
    for job_id in (second, third):
        with pytest.raises(JobNotFound):
            run("show", job_id)
    with pytest.raises(ConfigurationError, match="--key"):
        run("purge")


def test_without_a_platform_it_says_how_to_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKIBEN_RUN_DIR", str(tmp_path))
    with pytest.raises(ConfigurationError, match="ekiben serve"):
        run("list")
