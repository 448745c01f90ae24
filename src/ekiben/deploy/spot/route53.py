"""What is used of boto3's `route53` client, which names the control node within the deployment's network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Route53Client(Protocol):
    """See the module."""

    def list_hosted_zones_by_name(self, **arguments: Any) -> Mapping[str, Any]:
        """Zones from a name on."""
        ...

    def create_hosted_zone(self, **arguments: Any) -> Mapping[str, Any]:
        """A new zone."""
        ...

    def list_tags_for_resource(self, **arguments: Any) -> Mapping[str, Any]:
        """A zone's tags."""
        ...

    def change_tags_for_resource(self, **arguments: Any) -> Mapping[str, Any]:
        """Tag a zone."""
        ...

    def list_resource_record_sets(self, **arguments: Any) -> Mapping[str, Any]:
        """A zone's records."""
        ...

    def change_resource_record_sets(self, **arguments: Any) -> Mapping[str, Any]:
        """Write or remove records."""
        ...

    def delete_hosted_zone(self, **arguments: Any) -> Mapping[str, Any]:
        """Remove an empty zone."""
        ...
