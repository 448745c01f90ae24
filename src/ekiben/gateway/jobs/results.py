"""What a job made, for its owner or for whoever has a link."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ekiben.cards.card import Task
from ekiben.errors import EkibenError, Gone, JobStateConflict, NotFound
from ekiben.gateway.call import call_of
from ekiben.gateway.content import Piece
from ekiben.gateway.jobs.blob_links import check_link
from ekiben.gateway.jobs.kinds import Finished, JobKind
from ekiben.gateway.jobs.owned import owned_job
from ekiben.gateway.jobs.pictures import route_of
from ekiben.gateway.jobs.reading import KINDS
from ekiben.gateway.jobs.required import required_desk
from ekiben.gateway.jobs.result_blobs import read_blob, result_pieces
from ekiben.gateway.jobs.verdicts import judged_once
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Job, Pointer, State

_HEADERS: Final = {
    "cache-control": "private, no-transform",
    # Should a browser ever take the file for a page, then for one that can do nothing.
    "content-security-policy": "default-src 'none'; sandbox",
}


async def result_answer(gateway: GatewayState, request: Request) -> Response:
    """The answer of the synchronous route.

    Raises:
        JobNotFound: There is no such job, or it is another key's.
        JobStateConflict: It has not succeeded.
        Gone: It expired.
        ContentBlocked: The policy refuses what came out.
    """
    finished = _finished(gateway, request, await owned_job(gateway, request))
    return await _kind(finished.job).answer(finished)


async def result_file(gateway: GatewayState, request: Request) -> Response:
    """One file of a result, for its owner or by a link.

    Raises:
        PermissionDenied: The link is not valid, or not any more.
        NotFound: There is no file of that number.
        EkibenError: As `result_answer`.
    """
    job = await (_linked_job if "signature" in request.query_params else owned_job)(gateway, request)
    finished = _finished(gateway, request, job)
    found = job.result.blobs if job.result else ()
    index = request.path_params["index"]
    if not (index.isascii() and index.isdecimal() and int(index) < len(found)):
        raise NotFound(f"the job made {len(found)} files, from 0 on.")
    if Task(job.specification.task) is Task.TEXT_TO_IMAGE:
        blobs = finished.desk.blobs
        await judged_once(finished, route_of(job), lambda: result_pieces(job, blobs))
        return _file(found[int(index)], await read_blob(blobs, found[int(index)]))
    raise NotFound("a job of this task makes no files; ask for its result.")


async def preview_file(gateway: GatewayState, request: Request) -> Response:
    """A preview, where the policy lets it be shown.

    Raises:
        NotFound: There is none at that event, it is not kept any more, or it is not to be shown.
    """
    job = await owned_job(gateway, request)
    desk, number = required_desk(gateway), request.path_params["number"]
    after = int(number) - 1 if number.isascii() and number.isdecimal() and len(number) <= 12 else -1
    events = await desk.events.read(job.id, after) if after >= 0 else []
    told = events[0].data.get("preview") if events and events[0].number == after + 1 else None
    if not told:
        raise NotFound("this event has no preview.")
    pointer = Pointer.model_validate(told)
    try:
        preview = await read_blob(desk.blobs, pointer)
    except Gone:
        raise NotFound("this preview is not kept any more.") from None
    # What is said of a preview is not said of the answer.
    judging = replace(call_of(request), route=route_of(job), notes={}, flags=[])
    rule = gateway.moderator.rule(judging, "output")
    if rule is not None and rule.blocks:
        try:
            await gateway.moderator.check(judging, "output", lambda: (Piece(preview),))
        except EkibenError:
            raise NotFound("this preview is not shown.") from None
    return _file(pointer, preview)


async def _linked_job(gateway: GatewayState, request: Request) -> Job:
    """The job of a link, whose signature is the permission."""
    desk, query = required_desk(gateway), request.query_params
    call_of(request).route = request.scope["route"].path
    check_link(desk, request.url.path, query.get("expires", ""), query["signature"])
    return await desk.queue.get(request.path_params["id"])


def _finished(gateway: GatewayState, request: Request, job: Job) -> Finished:
    if job.state is State.EXPIRED:
        raise Gone(f"job {job.id} expired: its deadline passed before it was done.")
    if job.state is not State.SUCCEEDED:
        why = f": {job.problem.message}" if job.state is State.FAILED and job.problem else ""
        raise JobStateConflict(f"job {job.id} is {job.state}{why}; there is a result once it has succeeded.")
    return Finished(gateway, required_desk(gateway), request, call_of(request), job)


def _kind(job: Job) -> JobKind:
    return KINDS[Task(job.specification.task)]


def _file(pointer: Pointer, content: bytes) -> Response:
    return Response(content, headers=_HEADERS, media_type=pointer.media_type)
