"""Images in the repositories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.resources.repository import image_uri, repository_of
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.pushing import Pusher
    from ekiben.deploy.spot.world import World


@dataclass(frozen=True)
class PushedImage(Resource):
    """An image in its repository."""

    role: str
    image: str
    pusher: Pusher

    kind: ClassVar[str] = "image"
    rights: ClassVar = (
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchDeleteImage",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:GetAuthorizationToken",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    )

    @property
    def name(self) -> str:
        """By role."""
        return f"image-{self.role}"

    @property
    def needs(self) -> tuple[str, ...]:
        """Its repository."""
        return (repository_of(self.role),)

    def observe(self, world: World) -> Found | None:
        """By its tag."""
        uri = image_uri(world.deployment, self.role, self.image)
        repository, _, tag = uri.removeprefix(f"{world.deployment.registry}/").rpartition(":")
        ecr = world.clients.ecr
        found = if_there(
            lambda: ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}]),
            "RepositoryNotFoundException",
        )
        return Found(uri) if found and found["images"] else None

    def create(self, world: World) -> None:
        """Push the local image."""
        uri = image_uri(world.deployment, self.role, self.image)
        token = world.clients.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        self.pusher.push(self.image, uri, token)

    def delete(self, world: World, found: Found) -> None:
        """Take it out of the repository."""
        repository, _, tag = found.id.removeprefix(f"{world.deployment.registry}/").rpartition(":")
        world.clients.ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": tag}])
