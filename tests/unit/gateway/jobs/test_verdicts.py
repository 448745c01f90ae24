"""What comes out is judged once, before anybody sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ekiben.testing import ToyModeration
from tests.unit.gateway.image_platform import GENERATIONS
from tests.unit.gateway.jobs.platform import JOBS, JobPlatform, job_platform


class Eyes(ToyModeration):
    """Flags every picture while `flags`; counts those it has seen."""

    def __init__(self, *, flags: bool) -> None:
        super().__init__()
        self.flags, self.seen = flags, 0

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """A score for each category."""
        pictures = [each.startswith(b"\x89PNG") for each in payloads]
        self.seen += sum(pictures)
        return [np.array([each and self.flags, False], dtype=np.float32) for each in pictures]


@asynccontextmanager
async def _guarded(run_dir: Path, url: str, rule: str, eyes: Eyes) -> AsyncIterator[JobPlatform]:
    policy = run_dir / "policy.yaml"
    policy.write_text(f"routes:\n  {GENERATIONS}:\n    {rule}\n")
    async with job_platform(run_dir, url, judge=eyes, moderation_policy=policy) as platform:
        yield platform


async def test_a_refused_picture_is_never_shown_in_any_way(run_dir: Path, valkey_url: str) -> None:
    eyes = Eyes(flags=True)
    async with _guarded(run_dir, valkey_url, "output: block", eyes) as platform:
        job_id = await platform.submit()
        await platform.work()
        preview = await platform.http.get(f"{JOBS}/{job_id}/previews/3")
        assert (preview.status_code, eyes.seen) == (404, 1)
        for path in ("result", "result/0"):
            answer = await platform.http.get(f"{JOBS}/{job_id}/{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "content_blocked")
        assert eyes.seen == 2
        eyes.flags = False  # What was said of it stands.
        assert (await platform.http.get(f"{JOBS}/{job_id}/result")).status_code == 400


async def test_a_noted_picture_is_shown_with_its_note_and_judged_once(run_dir: Path, valkey_url: str) -> None:
    eyes = Eyes(flags=True)
    async with _guarded(run_dir, valkey_url, "output: flag", eyes) as platform:
        job_id = await platform.submit()
        await platform.work()
        answers = [await platform.http.get(f"{JOBS}/{job_id}/result") for _ in range(2)]
        assert [answer.headers["x-ekiben-moderation"] for answer in answers] == ["harassment"] * 2
        assert eyes.seen == 1


async def test_a_refused_prompt_never_becomes_a_job(run_dir: Path, valkey_url: str) -> None:
    async with _guarded(run_dir, valkey_url, "input: block", _Words()) as platform:
        wish = {"task": "text-to-image", "input": {"prompt": "rude words"}}
        answer = await platform.http.post(JOBS, json=wish)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (400, "content_blocked", "input.prompt")
        wishes = {"task": "text-to-image", "inputs": [{"prompt": "a"}, {"prompt": "rude words"}]}
        error = (await platform.http.post(f"{JOBS}/batches", json=wishes)).json()["error"]
        assert (error["code"], error["param"]) == ("content_blocked", "inputs[1].prompt")
        assert (await platform.http.get(JOBS)).json()["data"] == []


class _Words(Eyes):
    """The toy's own judgement."""

    def __init__(self) -> None:
        super().__init__(flags=False)

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """A score for each category."""
        return ToyModeration.infer(self, payloads)
