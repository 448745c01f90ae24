"""What every format of an answer writes alike."""

from __future__ import annotations

import uuid

from ekiben.inference.generation import Alternative, Finish


def answer_id(prefix: str) -> str:
    """A new id, as OpenAI's look."""
    return f"{prefix}-{uuid.uuid4().hex}"


def usage_of(finish: Finish) -> dict[str, int]:
    """The token counts."""
    total = finish.prompt_tokens + finish.completion_tokens
    return {
        "prompt_tokens": finish.prompt_tokens,
        "completion_tokens": finish.completion_tokens,
        "total_tokens": total,
    }


def alternative(found: Alternative) -> dict[str, object]:
    """A token with its log probability; its bytes are its text's where the model did not say."""
    raw = found.token.encode() if found.bytes is None else found.bytes
    return {"token": found.token, "logprob": found.logprob, "bytes": list(raw)}
