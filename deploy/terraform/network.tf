# A VPC of the deployment's own, with public subnets, so that nothing needs a NAT gateway; firewalls let nobody in.
locals {
  own_network = var.network.vpc == ""
  own_zones   = length(var.zones) > 0 ? var.zones : slice(sort(data.aws_availability_zones.here.names), 0, min(6, length(data.aws_availability_zones.here.names)))
  vpc_id      = local.own_network ? one(aws_vpc.own[*].id) : var.network.vpc
  subnets = local.own_network ? { for zone, subnet in aws_subnet.own : zone => subnet.id } : {
    for subnet in values(data.aws_subnet.given) : subnet.availability_zone => subnet.id
  }
  zones        = sort(keys(local.subnets))
  control_zone = var.control.zone != "" ? var.control.zone : local.zones[0]
}

data "aws_subnet" "given" {
  for_each = toset(var.network.subnets)
  id       = each.value
}

resource "aws_vpc" "own" {
  count                = local.own_network ? 1 : 0
  cidr_block           = var.network.cidr
  enable_dns_hostnames = true
  tags                 = { Name = "${local.prefix}-network", "ekiben:resource" = "network" }
}

resource "aws_internet_gateway" "own" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.own[0].id
  tags   = { Name = "${local.prefix}-internet", "ekiben:resource" = "internet" }
}

resource "aws_subnet" "own" {
  for_each          = local.own_network ? toset(local.own_zones) : []
  vpc_id            = aws_vpc.own[0].id
  availability_zone = each.value
  # Which part of the addresses, the zone's letter says, so that it stays when other zones come.
  cidr_block              = cidrsubnet(var.network.cidr, 4, index(split("", "abcdefghijklmnop"), substr(each.value, -1, 1)))
  map_public_ip_on_launch = true
  tags                    = { Name = "${local.prefix}-subnet-${each.value}", "ekiben:resource" = "subnet-${each.value}" }
}

resource "aws_route_table" "own" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.own[0].id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.own[0].id
  }
  tags = { Name = "${local.prefix}-routes", "ekiben:resource" = "routes" }
}

resource "aws_route_table_association" "own" {
  for_each       = aws_subnet.own
  route_table_id = aws_route_table.own[0].id
  subnet_id      = each.value.id
}

resource "aws_vpc_endpoint" "storage" {
  count             = local.own_network ? 1 : 0
  vpc_id            = aws_vpc.own[0].id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.own[0].id]
  tags              = { Name = "${local.prefix}-storage-endpoint", "ekiben:resource" = "storage-endpoint" }
}

# By this name workers find Valkey; the node writes its address there.
resource "aws_route53_zone" "private" {
  count   = local.managed ? 0 : 1
  name    = local.domain
  comment = "ekiben:deployment=${var.name} ${var.region}"
  vpc {
    vpc_id = local.vpc_id
  }
  force_destroy = true
  tags          = { Name = "${local.prefix}-private-zone", "ekiben:resource" = "private-zone" }
}
