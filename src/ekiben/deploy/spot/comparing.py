"""AWS answers with more than was said; only what was said is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def restricted(value: object, like: object) -> object:
    """`value` without the keys of objects that `like` does not have, at any depth."""
    if isinstance(like, Mapping) and isinstance(value, Mapping):
        return {key: restricted(value[key], inner) for key, inner in like.items() if key in value}
    if _is_list(like) and _is_list(value) and len(like) == len(value):  # type: ignore[arg-type]
        return [restricted(one, other) for one, other in zip(value, like, strict=True)]  # type: ignore[call-overload]
    return value


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
