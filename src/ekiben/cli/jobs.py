"""`ekiben jobs`: look at the queue, and put right what went wrong in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from ekiben.cli.open_queue import OpenQueue, with_queue
from ekiben.errors import ConfigurationError, EkibenError, QueueUnavailable
from ekiben.jobs import Filter, Job, State, migrate, retry_with_blobs

app = typer.Typer(help="Durable jobs.", no_args_is_help=True)

_Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of jobs.", show_default=False)]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a job.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
_Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
_PAGE = 500


@app.command("list")
def list_jobs(
    state: Annotated[State | None, typer.Option(help="Only those.", show_default=False)] = None,
    model: Annotated[str | None, typer.Option(help="Only this model's.", show_default=False)] = None,
    key: Annotated[str | None, typer.Option(help="Only those of the key of this id.", show_default=False)] = None,
    limit: _Limit = 50,
    json: _Json = False,
) -> None:
    """List jobs of every key, newest first."""
    wanted = Filter(state=state, model=model, principal=key)
    _show(with_queue(lambda queue: _found(queue, wanted, limit)), json=json)


@app.command()
def dead(limit: _Limit = 50, json: _Json = False) -> None:
    """List the dead letters: jobs that failed for good and were not retried, with their errors."""
    _show(with_queue(lambda queue: _found(queue, Filter(dead=True), limit)), json=json)


@app.command()
def show(job_id: _Id, json: _Json = False) -> None:
    """Show all that is known of a job, but its input and its result."""
    job = with_queue(lambda queue: queue.queue.get(job_id))
    if json:
        typer.echo(_json(job))
        return
    for name, value in job.model_dump(mode="json", exclude={"specification", "result"}, exclude_none=True).items():
        typer.echo(f"{name:<14} {value}")


@app.command()
def retry(job_ids: _Ids) -> None:
    """Do jobs again that failed, expired or were cancelled, each as a new job."""
    with_queue(lambda queue: _retry(queue, job_ids))


@app.command()
def requeue(
    model: Annotated[str | None, typer.Option(help="Only this model's.", show_default=False)] = None,
    code: Annotated[str | None, typer.Option(help="Only those with this error.", show_default=False)] = None,
    limit: _Limit = 10_000,
) -> None:
    """Do all dead letters again, once what they died of is mended."""

    async def again(queue: OpenQueue) -> None:
        jobs = await _found(queue, Filter(dead=True, model=model), limit)
        await _retry(queue, [job.id for job in jobs if code is None or (job.problem and job.problem.code == code)])

    with_queue(again)


@app.command()
def cancel(job_ids: _Ids) -> None:
    """Cancel jobs: a queued one never runs, a running one stops within a step."""

    async def stop(queue: OpenQueue, job_id: str) -> str:
        state = await queue.queue.cancel(job_id)
        return "is cancelled" if state is State.CANCELLED else "is told to stop"

    with_queue(lambda queue: _each(job_ids, partial(stop, queue)))


@app.command()
def purge(
    job_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Ids of jobs.")] = None,
    key: Annotated[str | None, typer.Option(help="All jobs of the key of this id.", show_default=False)] = None,
) -> None:
    """Erase jobs, whatever their state: inputs, previews, checkpoints, results and what the queue knows of them."""
    if bool(job_ids) == bool(key):
        raise ConfigurationError("name the jobs to erase, or with --key the key whose jobs they are")

    async def erase(queue: OpenQueue) -> None:
        if key:
            typer.echo(f"{await queue.erasure.erase_principal(key)} jobs are erased")
        for job_id in job_ids or ():
            await queue.erasure.erase_job(job_id)
            typer.echo(f"{job_id} is erased")

    with_queue(erase)


@app.command("migrate")
def migrate_jobs() -> None:
    """Rewrite waiting jobs in this version's form, once every worker and gateway of an older version is gone.

    Older records can be read without it; it lets a later version forget how.
    """
    typer.echo(f"{with_queue(lambda queue: migrate(queue.store))} jobs are rewritten")


@app.command()
def webhooks(
    job_id: _Id,
    replay: Annotated[bool, typer.Option("--replay", help="Send it once more, now.")] = False,
) -> None:
    """Show every attempt to send a job's webhook."""

    async def look(queue: OpenQueue) -> None:
        if replay:
            await queue.deliveries.replay(job_id)
        log = await queue.deliveries.log(job_id)
        for each in log.attempts:
            said = each.error or "delivered"
            typer.echo(
                f"{_time(each.at_ms)}  {each.attempt:>4}  {each.status or '-':>4}  {each.duration_ms} ms  {said}"
            )
        typer.echo(f"due {_time(log.due_ms)}" if log.due_ms else "nothing is due")

    with_queue(look)


async def _found(queue: OpenQueue, wanted: Filter, limit: int) -> list[Job]:
    """The first so many that fit, over as many pages as it takes."""
    jobs: list[Job] = []
    after = ""
    while len(jobs) < limit:
        page = await queue.queue.page(wanted, after=after, limit=min(_PAGE, limit - len(jobs)))
        jobs += page.jobs
        after = page.next
        if not after:
            break
    return jobs


async def _retry(queue: OpenQueue, job_ids: Iterable[str]) -> None:
    async def again(job_id: str) -> str:
        return f"is done again as {(await retry_with_blobs(queue.queue, queue.blobs, job_id)).id}"

    await _each(job_ids, again)


async def _each(job_ids: Iterable[str], act: Callable[[str], Awaitable[str]]) -> None:
    """Act on every job and tell of each; exit status 1 where one could not be done."""
    failed = 0
    for job_id in job_ids:
        try:
            typer.echo(f"{job_id} {await act(job_id)}")
        except QueueUnavailable:
            raise
        except (EkibenError, OSError) as error:
            failed += 1
            typer.echo(f"{job_id}: {error}", err=True)
    if failed:
        raise typer.Exit(1)


def _show(jobs: list[Job], *, json: bool) -> None:
    if json:
        for job in jobs:
            typer.echo(_json(job))
        return
    rows = [("ID", "STATE", "MODEL", "KEY", "CREATED", "TRIES", "ERROR"), *map(_row, jobs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(job: Job) -> tuple[str, ...]:
    problem = f"{job.problem.code} ({job.reason or 'again'})" if job.problem else ""
    created = _time(job.timings.created_ms)
    return job.id, job.state.value, job.model, job.principal, created, str(job.attempts), problem


def _json(job: Job) -> str:
    """Without what the caller wrote and what was made of it."""
    return job.model_dump_json(exclude={"specification": {"inline", "input"}, "result": True}, exclude_none=True)


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"
