"""IAM's names of what boto3's clients do; most are called alike."""

from __future__ import annotations

from typing import Final

_PREFIXES: Final = {"elbv2": "elasticloadbalancing", "elastic-load-balancing-v2": "elasticloadbalancing"}
_S3: Final = {
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "DeleteObjects": "DeleteObjectVersion",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
}


def action_of(service: str, operation: str) -> str:
    """The right that an operation needs, such as `ec2:CreateVpc`.

    Args:
        service: boto3's name of the service.
        operation: AWS's name of the operation.
    """
    if service == "s3":
        return f"s3:{_S3.get(operation, operation)}"
    if service == "budgets":
        return "budgets:ViewBudget" if operation.startswith(("Describe", "List")) else "budgets:ModifyBudget"
    return f"{_PREFIXES.get(service, service)}:{operation}"
