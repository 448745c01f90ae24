"""The process that accepts jobs, as the gateway does: one call of the library, and 202 when it returns.

    python -m benchmarks.faults.door SOCKET

`POST /jobs` with a list of submissions; answers, in order, whether each was accepted. With `FAULTS_BUG` it says so
before it is true.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.faults.planted import EARLY_ACKNOWLEDGEMENT
from ekiben.errors import EkibenError
from ekiben.jobs import Accepted, JobQueue, Submission, open_store
from ekiben.settings import load_settings
from ekiben.worker.http import error_response
from ekiben.worker.listener import Listener

_LATE_S = 1.0


async def main(socket: Path) -> None:
    """Serve for ever."""
    async with open_store(load_settings()) as store:
        queue = JobQueue(store)
        late: set[asyncio.Task[object]] = set()

        async def submit(request: Request) -> Response:
            submissions = [Submission.model_validate(one) for one in await request.json()]
            if os.environ.get("FAULTS_BUG") == EARLY_ACKNOWLEDGEMENT:
                late.add(asyncio.create_task(_later(queue, submissions)))
                return JSONResponse([True] * len(submissions), 202)
            try:
                outcomes = await queue.submit_all(submissions)
            except EkibenError as error:
                return error_response(error, None)
            return JSONResponse([isinstance(outcome, Accepted) for outcome in outcomes], 202)

        listener = Listener(Starlette(routes=[Route("/jobs", submit, methods=["POST"])]), socket)
        await listener.start()
        await asyncio.Event().wait()


async def _later(queue: JobQueue, submissions: list[Submission]) -> None:
    await asyncio.sleep(_LATE_S)
    await queue.submit_all(submissions)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
