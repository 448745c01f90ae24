"""Links to a job's files, which expire: who has one needs no key. The files stay the job's, and go with it."""

from __future__ import annotations

import time
from typing import Final

from ekiben.errors import PermissionDenied
from ekiben.gateway.images.links import public_url
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.jobs.kinds import Finished

JOBS: Final = "/v1/jobs"


def blob_links(finished: Finished) -> list[str]:
    """An absolute URL for each file of a result."""
    desk, job = finished.desk, finished.job
    expires = int(time.time() + desk.link_ttl_s)
    found = job.result.blobs if job.result else ()
    paths = [result_path(job.id, index) for index in range(len(found))]
    root = public_url(finished.gateway, finished.request)
    return [f"{root}{path}?expires={expires}&signature={desk.signer.sign(path, expires)}" for path in paths]


def result_path(job_id: str, index: int) -> str:
    """Where file `index` of a result is."""
    return f"{JOBS}/{job_id}/result/{index}"


def check_link(desk: JobDesk, path: str, expires: str, signature: str) -> None:
    """Whether a link is one of ours and has not expired; which of them is not told.

    Raises:
        PermissionDenied: It is not.
    """
    is_number = expires.isascii() and expires.isdecimal() and len(expires) <= 12
    if not is_number or not desk.signer.is_valid(path, int(expires), signature) or time.time() >= int(expires):
        raise PermissionDenied("this link is not valid, or not any more.")
