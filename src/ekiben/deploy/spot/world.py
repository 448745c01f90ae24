"""What is known while a deployment is looked at or changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ekiben.deploy.spot.clients import Clients
    from ekiben.deploy.spot.deployment import Deployment

Fields = dict[str, object]
"""Of strings, numbers, lists and objects, as JSON has them."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is there.

    Args:
        id: AWS's name of it: an id, an ARN or a name, whatever others refer to.
        fields: How it is set up.
    """

    id: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """Clients, the deployment, and what has been found of it so far, by the resources' names."""

    clients: Clients
    deployment: Deployment
    found: dict[str, Found] = field(default_factory=dict)

    def id(self, resource: str) -> str:
        """AWS's id of another resource; one that is still to be made has a stand-in, which equals no id."""
        there = self.found.get(resource)
        return there.id if there else f"(new {resource})"
