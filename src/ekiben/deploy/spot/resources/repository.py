"""ECR repositories, one for each image."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.world import Fields, World

GATEWAY: Final = "gateway"
_IMAGES_KEPT: Final = 10


def repository_of(role: str) -> str:
    """Name of the repository of the gateway, or of a model."""
    return f"repository-{role}"


def image_uri(deployment: Deployment, role: str, image: str) -> str:
    """Where a local image is in ECR; it keeps its tag."""
    return f"{deployment.registry}/ekiben/{deployment.config.name}/{role}:{image.rpartition(':')[2]}"


@dataclass(frozen=True)
class Repository(Resource):
    """One repository."""

    role: str

    kind: ClassVar[str] = "ECR repository"
    rights: ClassVar = (
        "ecr:CreateRepository",
        "ecr:DeleteRepository",
        "ecr:DescribeRepositories",
        "ecr:GetLifecyclePolicy",
        "ecr:ListTagsForResource",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy",
        "ecr:TagResource",
    )

    @property
    def name(self) -> str:
        """By role."""
        return repository_of(self.role)

    def wanted(self, world: World) -> Fields:  # noqa: ARG002  # the same everywhere
        """Scanned, tags that never move, and not too many images."""
        return {"scan on push": True, "tags": "IMMUTABLE", "lifecycle": _lifecycle()}

    def observe(self, world: World) -> Found | None:
        """By its name."""
        ecr, named = world.clients.ecr, self._named(world)
        found = if_there(lambda: ecr.describe_repositories(repositoryNames=[named]), "RepositoryNotFoundException")
        if not found:
            return None
        repository = found["repositories"][0]
        tags = ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
        if not world.deployment.owns(tags):
            raise SomebodyElses(self.kind, named, world.deployment.config.name)
        policy = if_there(lambda: ecr.get_lifecycle_policy(repositoryName=named), "LifecyclePolicyNotFoundException")
        fields = {
            "scan on push": repository["imageScanningConfiguration"]["scanOnPush"],
            "tags": repository["imageTagMutability"],
            "lifecycle": json.loads(policy["lifecyclePolicyText"]) if policy else {},
        }
        return Found(named, fields)

    def create(self, world: World) -> None:
        """With its tags."""
        world.clients.ecr.create_repository(
            repositoryName=self._named(world),
            tags=world.deployment.tags(self.name),
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
        )

    def update(self, world: World, found: Found) -> None:
        """One setting after another."""
        ecr, changed = world.clients.ecr, self.differing(world, found)
        if "scan on push" in changed:
            ecr.put_image_scanning_configuration(
                repositoryName=found.id, imageScanningConfiguration={"scanOnPush": True}
            )
        if "tags" in changed:
            ecr.put_image_tag_mutability(repositoryName=found.id, imageTagMutability="IMMUTABLE")
        if "lifecycle" in changed:
            ecr.put_lifecycle_policy(repositoryName=found.id, lifecyclePolicyText=json.dumps(_lifecycle()))

    def delete(self, world: World, found: Found) -> None:
        """With all images."""
        world.clients.ecr.delete_repository(repositoryName=found.id, force=True)

    def _named(self, world: World) -> str:
        return f"ekiben/{world.deployment.config.name}/{self.role}"


def _lifecycle() -> dict[str, Any]:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _IMAGES_KEPT}
    rule = {
        "rulePriority": 1,
        "description": f"the newest {_IMAGES_KEPT}, for going back",
        "selection": selection,
        "action": {"type": "expire"},
    }
    return {"rules": [rule]}
