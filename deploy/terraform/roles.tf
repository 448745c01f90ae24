# Roles that instances take; what each may do is in nodes/rights.tf.
locals {
  policies = {
    control = module.nodes.control_policy
    workers = module.nodes.worker_policy
  }
}

resource "aws_iam_role" "nodes" {
  for_each    = toset(["control", "workers"])
  name        = "${local.prefix}-${each.value}-${var.region}"
  description = "Ekiben ${var.name}: ${each.value}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
  tags = { Name = "${local.prefix}-${each.value}-role", "ekiben:resource" = "${each.value}-role" }
}

resource "aws_iam_role_policy" "nodes" {
  for_each = aws_iam_role.nodes
  name     = "ekiben"
  role     = each.value.name
  policy   = local.policies[each.key]
}

resource "aws_iam_instance_profile" "nodes" {
  for_each = aws_iam_role.nodes
  name     = each.value.name
  role     = each.value.name
  tags     = { Name = "${local.prefix}-${each.key}-profile", "ekiben:resource" = "${each.key}-profile" }
}
