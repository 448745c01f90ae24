"""The bucket of pictures, inputs and results: private, encrypted, versioned, over TLS only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.comparing import restricted
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

BUCKET: Final = "bucket"
_PRIVATE: Final = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
_ENCRYPTED: Final = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
_HOME: Final = "us-east-1"  # the one region that S3 does not want to be told


class StorageBucket(Resource):
    """See the module. Its name has the account in it, so that nobody else can be first."""

    kind = "S3 bucket"
    name = BUCKET
    rights = (
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteObjectVersion",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucketVersions",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:TagResource",
    )

    def wanted(self, world: World) -> Fields:
        """All of its settings."""
        return {
            "public access": _PRIVATE,
            "encryption": _ENCRYPTED,
            "versioning": "Enabled",
            "lifecycle": _lifecycle(world),
            "policy": _policy(world),
        }

    def observe(self, world: World) -> Found | None:
        """By its name."""
        s3, bucket = world.clients.s3, world.deployment.bucket
        try:
            tags = if_there(lambda: s3.get_bucket_tagging(Bucket=bucket)["TagSet"], "NoSuchTagSet")
        except s3.exceptions.ClientError as error:
            if error.response["Error"].get("Code") == "NoSuchBucket":
                return None
            raise
        if not world.deployment.owns(tags or []):
            raise SomebodyElses(self.kind, bucket, world.deployment.config.name)
        return Found(bucket, self._fields(world))

    def _fields(self, world: World) -> Fields:
        s3, bucket, wanted = world.clients.s3, world.deployment.bucket, self.wanted(world)
        access = if_there(lambda: s3.get_public_access_block(Bucket=bucket), "NoSuchPublicAccessBlockConfiguration")
        encryption = if_there(
            lambda: s3.get_bucket_encryption(Bucket=bucket), "ServerSideEncryptionConfigurationNotFoundError"
        )
        lifecycle = if_there(
            lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket), "NoSuchLifecycleConfiguration"
        )
        policy = if_there(lambda: s3.get_bucket_policy(Bucket=bucket), "NoSuchBucketPolicy")
        rules = encryption["ServerSideEncryptionConfiguration"]["Rules"] if encryption else []
        return {
            "public access": access["PublicAccessBlockConfiguration"] if access else {},
            "encryption": restricted(rules, wanted["encryption"]),
            "versioning": s3.get_bucket_versioning(Bucket=bucket).get("Status", "off"),
            "lifecycle": restricted(lifecycle["Rules"] if lifecycle else [], wanted["lifecycle"]),
            "policy": json.loads(policy["Policy"]) if policy else {},
        }

    def create(self, world: World) -> None:
        """With its tags."""
        region, tags = world.deployment.region, world.deployment.tags(self.name)
        configuration: Any = {"Tags": tags} if region == _HOME else {"Tags": tags, "LocationConstraint": region}
        world.clients.s3.create_bucket(Bucket=world.deployment.bucket, CreateBucketConfiguration=configuration)

    def update(self, world: World, found: Found) -> None:
        """One setting after another."""
        s3, wanted, changed = world.clients.s3, self.wanted(world), self.differing(world, found)
        if "public access" in changed:
            access: Any = _PRIVATE
            s3.put_public_access_block(Bucket=found.id, PublicAccessBlockConfiguration=access)
        if "encryption" in changed:
            encryption: Any = {"Rules": _ENCRYPTED}
            s3.put_bucket_encryption(Bucket=found.id, ServerSideEncryptionConfiguration=encryption)
        if "versioning" in changed:
            s3.put_bucket_versioning(Bucket=found.id, VersioningConfiguration={"Status": "Enabled"})
        if "lifecycle" in changed:
            lifecycle: Any = {"Rules": wanted["lifecycle"]}
            s3.put_bucket_lifecycle_configuration(Bucket=found.id, LifecycleConfiguration=lifecycle)
        if "policy" in changed:
            s3.put_bucket_policy(Bucket=found.id, Policy=json.dumps(wanted["policy"]))

    def delete(self, world: World, found: Found) -> None:
        """Every version of every object first."""
        s3 = world.clients.s3
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=found.id):
            versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            objects: Any = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
            if objects:
                s3.delete_objects(Bucket=found.id, Delete={"Objects": objects, "Quiet": True})
        s3.delete_bucket(Bucket=found.id)


def _lifecycle(world: World) -> list[dict[str, Any]]:
    days = world.deployment.config.bucket.old_versions_days
    return [
        {
            "ID": "ekiben",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": days},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
    ]


def _policy(world: World) -> dict[str, Any]:
    arn = f"arn:{world.deployment.partition}:s3:::{world.deployment.bucket}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
