"""The moderation of what a job made: judged once, before anybody sees it; the verdict stays with the job."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ekiben.errors import ContentBlocked
from ekiben.gateway.content import Content
from ekiben.gateway.jobs.kinds import Finished
from ekiben.gateway.moderator import UNCHECKED


async def judged_once(finished: Finished, route: str, read: Callable[[], Awaitable[Content]]) -> None:
    """Let the result pass, note what it is flagged for, or refuse it, as the policy of the synchronous route says.

    Args:
        finished: The job.
        route: The synchronous route.
        read: Gives what it made; asked for where a policy wants it judged and nobody has yet.

    Raises:
        ContentBlocked: It is refused, now or by an earlier verdict.
        EkibenError: As `Moderator.check`.
    """
    moderator, call, job = finished.gateway.moderator, finished.call, finished.job
    judging = replace(call, route=route, flags=[])
    if moderator.rule(judging, "output") is None:
        return
    if job.verdict is None:
        refusal, content = "", await read()
        try:
            await moderator.check(judging, "output", lambda: content)
        except ContentBlocked as error:
            refusal = error.message
        verdict = {"refusal": refusal, "flags": judging.flags}
        if UNCHECKED not in judging.flags:
            await finished.desk.queue.judge(job.id, json.dumps(verdict))
    else:
        verdict = json.loads(job.verdict)
    if verdict["refusal"]:
        raise ContentBlocked(str(verdict["refusal"]))
    call.flags.extend(flag for flag in verdict["flags"] if flag not in call.flags)
