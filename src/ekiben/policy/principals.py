"""Who a request is made by."""

from __future__ import annotations

from dataclasses import dataclass

USER_ROLE = "user"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller.

    Attributes:
        id: The key's id; it may be logged and used as a metric's label, which the key never is.
        name: Whom the key was made for.
        roles: What the caller may do.
        max_running_jobs: How many of its durable jobs may run at once; 0: any number.
    """

    id: str
    name: str
    roles: frozenset[str]
    max_running_jobs: int = 0


ANONYMOUS = Principal(id="anonymous", name="anonymous", roles=frozenset({USER_ROLE}))
"""Every caller of a gateway without keys, which only this machine can reach."""
