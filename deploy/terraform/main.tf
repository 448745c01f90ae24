# The deployment of `ekiben spot`, for those who keep their infrastructure in Terraform: same names, same tags.
data "aws_caller_identity" "here" {}

data "aws_partition" "here" {}

data "aws_availability_zones" "here" {
  state = "available"
  filter {
    name   = "zone-type"
    values = ["availability-zone"]
  }
}

locals {
  prefix    = "ekiben-${var.name}"
  path      = "/ekiben/${var.name}"
  account   = data.aws_caller_identity.here.account_id
  partition = data.aws_partition.here.partition
  registry  = "${local.account}.dkr.ecr.${var.region}.${data.aws_partition.here.dns_suffix}"
  bucket    = "${local.prefix}-${local.account}-${var.region}"
  domain    = "${var.name}.ekiben.internal"
  managed   = var.control.valkey_url != ""
  ports     = var.entrance.certificate_arn == "" ? [80] : [80, 443]
}

module "nodes" {
  source = "./nodes"
  deployment = {
    name      = var.name
    region    = var.region
    partition = local.partition
    account   = local.account
    registry  = local.registry
    bucket    = local.bucket
  }
  control = {
    tag            = var.control.tag
    snapshots_kept = var.control.snapshots_kept
    valkey_url     = var.control.valkey_url
    valkey_durable = var.control.valkey_durable
    has_password   = local.has_password
    has_webhooks   = var.webhook_secrets_file != ""
    scaling        = var.control.scaling
    least          = min([for each in values(var.workers) : each.least]...)
    most           = max([for each in values(var.workers) : each.most]...)
    zone_id        = local.managed ? "" : aws_route53_zone.private[0].zone_id
    subnets        = [for zone in local.zones : local.subnets[zone]]
  }
  workers = { for model, each in var.workers : model => { tag = each.tag, gpu = local.has_gpu[model] } }
}
