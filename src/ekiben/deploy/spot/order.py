"""What comes before what."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from ekiben.deploy.spot.resource import Resource


def in_order(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The resources, each after all that it needs; else in the order given."""
    by_name = {resource.name: resource for resource in resources}
    graph = {name: [need for need in resource.needs if need in by_name] for name, resource in by_name.items()}
    return tuple(by_name[name] for name in TopologicalSorter(graph).static_order())
