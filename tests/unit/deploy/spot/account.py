"""Everything that an account has of the kinds that a deployment is made of."""

from __future__ import annotations

import urllib.request
from typing import Any

from ekiben.deploy.spot.clients import Clients


def account(aws: Clients) -> dict[str, dict[str, Any]]:
    """By kind and id, what is there and how it is."""
    ec2: Any = aws.ec2
    kinds = {
        "vpcs": (ec2.describe_vpcs, "Vpcs", "VpcId"),
        "subnets": (ec2.describe_subnets, "Subnets", "SubnetId"),
        "gateways": (ec2.describe_internet_gateways, "InternetGateways", "InternetGatewayId"),
        "routes": (ec2.describe_route_tables, "RouteTables", "RouteTableId"),
        "endpoints": (ec2.describe_vpc_endpoints, "VpcEndpoints", "VpcEndpointId"),
        "firewalls": (ec2.describe_security_groups, "SecurityGroups", "GroupId"),
        "templates": (ec2.describe_launch_templates, "LaunchTemplates", "LaunchTemplateId"),
        "volumes": (ec2.describe_volumes, "Volumes", "VolumeId"),
        "balancers": (aws.elbv2.describe_load_balancers, "LoadBalancers", "LoadBalancerArn"),
        "targets": (aws.elbv2.describe_target_groups, "TargetGroups", "TargetGroupArn"),
        "groups": (aws.autoscaling.describe_auto_scaling_groups, "AutoScalingGroups", "AutoScalingGroupARN"),
        "roles": (aws.iam.list_roles, "Roles", "RoleName"),
        "profiles": (aws.iam.list_instance_profiles, "InstanceProfiles", "InstanceProfileName"),
        "buckets": (aws.s3.list_buckets, "Buckets", "Name"),
        "repositories": (aws.ecr.describe_repositories, "repositories", "repositoryName"),
        "logs": (aws.logs.describe_log_groups, "logGroups", "logGroupName"),
        "alarms": (aws.cloudwatch.describe_alarms, "MetricAlarms", "AlarmName"),
        "parameters": (_parameters(aws), "Parameters", "Name"),
    }
    found = {kind: {each[name]: each for each in ask()[where]} for kind, (ask, where, name) in kinds.items()}
    # Moto remembers what is gone.
    found["endpoints"] = {name: each for name, each in found["endpoints"].items() if each["State"] != "deleted"}
    budgets: Any = aws.budgets.describe_budgets(AccountId="123456789012")["Budgets"]
    found["budgets"] = {budget["BudgetName"]: budget for budget in budgets}
    route53: Any = aws.route53
    zones = route53.list_hosted_zones()["HostedZones"]
    found["zones"] = {zone["Id"]: zone for zone in zones}
    return found


def counts(aws: Clients) -> dict[str, int]:
    """How many there are of each kind."""
    return {kind: len(things) for kind, things in account(aws).items()}


def _parameters(aws: Clients) -> Any:
    filters: Any = [{"Key": "Name", "Option": "BeginsWith", "Values": ["/ekiben/"]}]
    return lambda: aws.ssm.describe_parameters(ParameterFilters=filters)


def emptied(moto_url: str) -> None:
    """Nothing is left but AWS's own things; what moto remembers of removed ones is forgotten too."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
