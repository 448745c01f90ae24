"""EC2's word on instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


def described(ec2: EC2Client, ids: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Of those that EC2 still knows; it forgets what ended after about an hour."""
    wanted = sorted(ids)
    if not wanted:
        return
    # A filter, since an id that EC2 has forgotten is an error otherwise.
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[{"Name": "instance-id", "Values": wanted}])
    for page in pages:
        for reservation in page["Reservations"]:
            yield from reservation["Instances"]
