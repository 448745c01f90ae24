# Nobody but the load balancer is reached from outside, and each reaches only what it needs.
resource "aws_security_group" "entrance" {
  name        = "${local.prefix}-entrance-firewall"
  description = "Ekiben ${var.name}: entrance-firewall"
  vpc_id      = local.vpc_id
  tags        = { Name = "${local.prefix}-entrance-firewall", "ekiben:resource" = "entrance-firewall" }
}

resource "aws_security_group" "control" {
  name        = "${local.prefix}-control-firewall"
  description = "Ekiben ${var.name}: control-firewall"
  vpc_id      = local.vpc_id
  tags        = { Name = "${local.prefix}-control-firewall", "ekiben:resource" = "control-firewall" }
}

resource "aws_security_group" "workers" {
  name        = "${local.prefix}-workers-firewall"
  description = "Ekiben ${var.name}: workers-firewall"
  vpc_id      = local.vpc_id
  tags        = { Name = "${local.prefix}-workers-firewall", "ekiben:resource" = "workers-firewall" }
}

resource "aws_vpc_security_group_ingress_rule" "entrance" {
  for_each          = { for pair in setproduct(local.ports, var.entrance.allow) : "${pair[0]} from ${pair[1]}" => pair }
  security_group_id = aws_security_group.entrance.id
  ip_protocol       = "tcp"
  from_port         = each.value[0]
  to_port           = each.value[0]
  cidr_ipv4         = strcontains(each.value[1], ":") ? null : each.value[1]
  cidr_ipv6         = strcontains(each.value[1], ":") ? each.value[1] : null
  tags              = { Name = "${local.prefix}-entrance-firewall-rules", "ekiben:resource" = "entrance-firewall-rules" }
}

resource "aws_vpc_security_group_ingress_rule" "gateway" {
  security_group_id            = aws_security_group.control.id
  ip_protocol                  = "tcp"
  from_port                    = 3000
  to_port                      = 3000
  referenced_security_group_id = aws_security_group.entrance.id
  tags                         = { Name = "${local.prefix}-control-firewall-rules", "ekiben:resource" = "control-firewall-rules" }
}

resource "aws_vpc_security_group_ingress_rule" "valkey" {
  count                        = local.managed ? 0 : 1
  security_group_id            = aws_security_group.control.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = aws_security_group.workers.id
  tags                         = { Name = "${local.prefix}-control-firewall-rules", "ekiben:resource" = "control-firewall-rules" }
}

resource "aws_vpc_security_group_ingress_rule" "workers" {
  security_group_id            = aws_security_group.workers.id
  ip_protocol                  = "tcp"
  from_port                    = 3100
  to_port                      = 3100
  referenced_security_group_id = aws_security_group.control.id
  tags                         = { Name = "${local.prefix}-workers-firewall-rules", "ekiben:resource" = "workers-firewall-rules" }
}

# Outwards everything: packages, ECR, S3, SSM, logs, webhooks. Terraform takes AWS's own such rule away.
resource "aws_vpc_security_group_egress_rule" "everywhere" {
  for_each = {
    entrance-firewall = aws_security_group.entrance.id
    control-firewall  = aws_security_group.control.id
    workers-firewall  = aws_security_group.workers.id
  }
  security_group_id = each.value
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  tags              = { Name = "${local.prefix}-${each.key}-rules", "ekiben:resource" = "${each.key}-rules" }
}
