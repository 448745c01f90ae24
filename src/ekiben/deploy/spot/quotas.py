"""Limits of an account, by the error that tells of one, and how to ask for more."""

from __future__ import annotations

from typing import Final, NamedTuple


class Quota(NamedTuple):
    """A limit.

    Args:
        what: Its name.
        service: Service Quotas' code of the service.
        code: Service Quotas' code of the limit; empty: it depends on the instance type.
    """

    what: str
    service: str
    code: str = ""


_QUOTAS: Final = {
    "VcpuLimitExceeded": Quota("vCPUs of running on-demand instances of this family", "ec2"),
    "MaxSpotInstanceCountExceeded": Quota("vCPUs of spot instances of this family", "ec2"),
    "AddressLimitExceeded": Quota("Elastic IP addresses", "ec2", "L-0263D0A3"),
    "VpcLimitExceeded": Quota("VPCs in a region", "vpc", "L-F678F1CE"),
    "InternetGatewayLimitExceeded": Quota("internet gateways in a region", "vpc", "L-A4707A72"),
    "SecurityGroupLimitExceeded": Quota("security groups in a region", "vpc", "L-E79EC296"),
    "VolumeLimitExceeded": Quota("storage of EBS volumes", "ebs"),
    "TooManyLoadBalancers": Quota("application load balancers", "elasticloadbalancing", "L-53DA6B97"),
    "TooManyBuckets": Quota("S3 buckets", "s3"),
}
# By family, since the errors do not name them.
_FAMILIES: Final = (
    "Of vCPUs: on-demand L-1216C47A (A, C, D, H, I, M, R, T, Z), L-DB2E81BA (G, VT), L-417A185B (P); spot L-34B43A08"
    " (A, C, D, H, I, M, R, T, Z), L-3819A6DF (G, VT), L-7212CCBC (P)"
)


def quota_message(code: str, message: str) -> str:
    """What to do about an error that tells of a limit; empty for any other error."""
    quota = _QUOTAS.get(code)
    if quota is None:
        return ""
    stated = quota.code or "CODE"
    ask = (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {stated}"
        " --desired-value N"
    )
    find = (
        ""
        if quota.code
        else f"; CODE is listed by `aws service-quotas list-service-quotas --service-code {quota.service}`"
    )
    families = f". {_FAMILIES}" if quota.what.startswith("vCPUs") else ""
    return (
        f"the account's quota of {quota.what} is reached ({code}): {message} Ask for more with `{ask}`{find}{families}"
    )
