# Write-only: neither what is generated nor what comes from files is in the state.
locals {
  has_password = !local.managed || var.valkey_password_file != ""
}

ephemeral "random_password" "generated" {
  for_each = toset(concat(["worker-token", "link-secret"], local.managed ? [] : ["valkey-password"]))
  length   = 43
  special  = false
}

resource "aws_ssm_parameter" "generated" {
  for_each         = toset(concat(["worker-token", "link-secret"], local.managed ? [] : ["valkey-password"]))
  name             = "${local.path}/${each.value}"
  type             = "SecureString"
  tier             = "Intelligent-Tiering"
  value_wo         = ephemeral.random_password.generated[each.value].result
  value_wo_version = 1
  tags             = { Name = "${local.prefix}-secret-${each.value}", "ekiben:resource" = "secret-${each.value}" }
}

resource "aws_ssm_parameter" "keys" {
  name             = "${local.path}/keys"
  type             = "SecureString"
  tier             = "Intelligent-Tiering"
  value_wo         = trimsuffix(file(var.keys_file), "\n")
  value_wo_version = var.keys_version
  tags             = { Name = "${local.prefix}-secret-keys", "ekiben:resource" = "secret-keys" }
}

resource "aws_ssm_parameter" "valkey_password" {
  count            = local.managed && var.valkey_password_file != "" ? 1 : 0
  name             = "${local.path}/valkey-password"
  type             = "SecureString"
  tier             = "Intelligent-Tiering"
  value_wo         = trimsuffix(file(var.valkey_password_file), "\n")
  value_wo_version = var.keys_version
  tags             = { Name = "${local.prefix}-secret-valkey-password", "ekiben:resource" = "secret-valkey-password" }
}

resource "aws_ssm_parameter" "webhook_secrets" {
  count            = var.webhook_secrets_file == "" ? 0 : 1
  name             = "${local.path}/webhook-secrets"
  type             = "SecureString"
  tier             = "Intelligent-Tiering"
  value_wo         = trimsuffix(file(var.webhook_secrets_file), "\n")
  value_wo_version = var.keys_version
  tags             = { Name = "${local.prefix}-secret-webhook-secrets", "ekiben:resource" = "secret-webhook-secrets" }
}
