"""`client.jobs`, of the asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from ekiben.client import jobs
from ekiben.client.errors import ConnectionFailed
from ekiben.client.job_events import event_of, following, is_last
from ekiben.client.job_map import Submitting, check_done, sets_of, shown
from ekiben.client.methods import awaiting
from ekiben.client.stream import AsyncStream
from ekiben.errors import EkibenError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from ekiben.client.job_map import Progress
    from ekiben.client.jobs import JobOptions
    from ekiben.client.methods import Awaiting
    from ekiben.client.pace import Pace
    from ekiben.schemas.jobs import JobEventData, JobView


class AsyncJobsResource:
    """As `JobsResource`, without blocking the event loop."""

    def __init__(self, client: Awaiting, pace: Pace) -> None:
        self.carry_out, self._pace = client.carry_out, pace

    submit = awaiting(jobs.submit)
    submit_batch = awaiting(jobs.submit_batch)
    get = awaiting(jobs.get)
    batch = awaiting(jobs.batch)
    list = awaiting(jobs.list_jobs)
    cancel = awaiting(jobs.cancel)
    retry = awaiting(jobs.retry)
    erase = awaiting(jobs.erase)
    erase_all = awaiting(jobs.erase_all)
    result = awaiting(jobs.result)

    async def events(
        self,
        job_id: str,
        after: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 - the same parameters as the blocking client's
    ) -> AsyncIterator[JobEventData]:
        """Everything that happens to a job until it has ended, each once, over broken connections too.

        Args:
            job_id: The job's.
            after: Begin behind the event of this number.
            timeout: Seconds to follow it; None: until it has ended.

        Raises:
            RequestTimedOut: It did not end in time.
            EkibenError: The server refuses, or stays away.
        """
        reader = following(job_id, self._pace, timeout, after)
        while True:
            try:
                opened = await self.carry_out(jobs.open_events(job_id, reader.after, reader.left_s))
                reader.connected()
                async with AsyncStream(opened, self._pace, event_of, is_last) as stream:
                    async for event in stream:
                        reader.took(event)
                        yield event
                        if is_last(event):
                            return
                raise ConnectionFailed("the events ended before the job")
            except EkibenError as error:
                await self._pace.sleep_async(reader.wait_s(error))

    async def wait(self, job_id: str, timeout: float | None = None) -> JobView:  # noqa: ASYNC109 - likewise
        """Wait until a job has ended, however it does; what it made is `result`.

        Raises:
            RequestTimedOut: It did not end in time; it goes on at the server.
        """
        async for _ in self.events(job_id, timeout=timeout):
            pass
        return await self.get(job_id)

    async def map(
        self,
        inputs: Sequence[Mapping[str, Any]],
        task: str = "text-to-image",
        *,
        progress: Progress | bool = False,
        **options: Unpack[JobOptions],
    ) -> AsyncIterator[Any]:
        """Have every input done; gives the results in the inputs' order, as they are there.

        Args:
            inputs: As `submit` takes one; any number.
            task: Of all of them.
            progress: Called with how many have ended, of how many; True: a bar in the terminal, by tqdm.
            **options: Of each job; see `JobOptions`.

        Raises:
            JobNotDone: A job failed, expired or was cancelled; the others go on.
            EkibenError: An input is refused.
        """
        show = shown(progress)
        ids: list[str] = []
        for each, kept in sets_of(inputs, options):
            ids += await self._submitted(each, task, kept)
        for done, job_id in enumerate(ids, start=1):
            check_done(await self.wait(job_id))
            show(done, len(ids))
            yield await self.result(job_id)

    async def _submitted(self, inputs: Sequence[Mapping[str, Any]], task: str, options: JobOptions) -> Sequence[str]:
        """The jobs of one set, once all are accepted."""
        submitting = Submitting(self._pace)
        while True:
            batch = await self.submit_batch(inputs, task, **options)
            wait_s = submitting.wait_s(batch)
            if wait_s is None:
                return [item.job for item in batch.items if item.job is not None]
            await self._pace.sleep_async(wait_s)
