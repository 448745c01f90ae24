"""Which version of its launch template a group launches, and which its instances are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World


def template_versions(world: World, group: Mapping[str, Any]) -> list[int]:
    """The launch template's, the newest first."""
    specification = group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    pages = world.clients.ec2.get_paginator("describe_launch_template_versions").paginate(
        LaunchTemplateId=specification["LaunchTemplateId"]
    )
    found = [version["VersionNumber"] for page in pages for version in page["LaunchTemplateVersions"]]
    return sorted(found, reverse=True)


def launched_version(world: World, group: Mapping[str, Any]) -> int:
    """The one that new instances get; a group that follows its template's default or newest one is told that."""
    specification = group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    if specification["Version"].isdigit():
        return int(specification["Version"])
    found = world.clients.ec2.describe_launch_template_versions(
        LaunchTemplateId=specification["LaunchTemplateId"], Versions=[specification["Version"]]
    )
    return found["LaunchTemplateVersions"][0]["VersionNumber"]


def version_of(member: Mapping[str, Any]) -> int:
    """The version that an instance was launched of; 0: AWS does not say."""
    version = str(member.get("LaunchTemplate", {}).get("Version", ""))
    return int(version) if version.isdigit() else 0
