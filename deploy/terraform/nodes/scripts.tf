# The nodes' first commands, from the files that `ekiben spot` takes too. In them `@@{name}` is filled in, and a dollar
# sign is the shell's: they are turned into templates of Terraform's.
locals {
  folder = "${path.module}/../../../src/ekiben/deploy/spot/nodes"
  dollar = "$"
  rate   = "%"
  shell  = "${local.dollar}{"
  branch = "${local.rate}{"
  files = {
    for name in ["common", "control", "valkey", "worker"] : name => replace(replace(replace(
      file("${local.folder}/${name}.sh"),
      local.shell, "${local.dollar}${local.shell}"), local.branch, "${local.rate}${local.branch}"), "@@{", local.shell
    )
  }
  common_file  = local.files["common"]
  control_file = local.files["control"]
  valkey_file  = local.files["valkey"]
  worker_file  = local.files["worker"]
}

locals {
  uid     = 10001
  prefix  = "ekiben-${var.deployment.name}"
  path    = "/ekiben/${var.deployment.name}"
  domain  = "${var.deployment.name}.ekiben.internal"
  managed = var.control.valkey_url != ""
  images = merge(
    { gateway = "${var.deployment.registry}/ekiben/${var.deployment.name}/gateway:${var.control.tag}" },
    { for model, each in var.workers : model => "${var.deployment.registry}/ekiben/${var.deployment.name}/${model}:${each.tag}" }
  )
  everywhere = {
    deployment = var.deployment.name
    region     = var.deployment.region
    path       = local.path
    uid        = local.uid
  }
  # Read from SSM into memory at every start.
  valkey_url = local.managed ? var.control.valkey_url : "valkey://control.${local.domain}:6379/0"
  scheme     = split("://", local.valkey_url)[0]
  server     = split("://", local.valkey_url)[1]
  password   = var.control.has_password ? "printf :; secret valkey-password | quoted; printf @; " : ""
  worker_secrets = join("\n", [
    "put ekiben_worker_token secret worker-token",
    "valkey_url() { printf '%s' '${local.scheme}://'; ${local.password}printf '%s' '${local.server}'; }",
    "put ekiben_valkey_url valkey_url",
  ])
  valkey_configuration = join("\n", [
    "valkey_conf() {",
    "cat <<'CONFIGURATION'",
    "bind 0.0.0.0",
    "port 6379",
    "protected-mode yes",
    "appendonly yes",
    "appendfsync always",
    "no-appendfsync-on-rewrite no",
    "save \"\"",
    "maxmemory-policy noeviction",
    "dir /var/lib/ekiben/valkey",
    "CONFIGURATION",
    "printf 'requirepass '",
    "secret valkey-password",
    "}",
    "put valkey.conf valkey_conf",
  ])
  control_secrets = join("\n", concat(
    [
      local.worker_secrets,
      "put ekiben_link_secret secret link-secret",
      "put keys secret keys",
    ],
    var.control.has_webhooks ? ["put ekiben_webhook_secrets secret webhook-secrets"] : [],
    local.managed ? [] : [local.valkey_configuration]
  ))
}

locals {
  models = join(",", sort(keys(var.workers)))
  settings = [
    "EKIBEN_VALKEY_DURABLE=${!local.managed || var.control.valkey_durable}",
    "EKIBEN_RUN_DIR=/run/ekiben/run",
    "EKIBEN_SECRETS_DIR=/run/ekiben/secrets",
    "EKIBEN_OBJECTS=s3://${var.deployment.bucket}/objects",
    "EKIBEN_LOG_FORMAT=json",
    "AWS_REGION=${var.deployment.region}",
    "AWS_DEFAULT_REGION=${var.deployment.region}",
  ]
  control_settings = join("\n", concat(
    [
      "EKIBEN_HOST=0.0.0.0",
      "EKIBEN_PORT=3000",
      "EKIBEN_ONLY=${local.models}",
      "EKIBEN_WORKERS_ELSEWHERE=${local.models}",
      "EKIBEN_KEYS_FILE=/run/ekiben/secrets/keys",
      "EKIBEN_STATE_DIR=/var/lib/ekiben/state",
      "EKIBEN_SCALING=${var.control.scaling}",
      "EKIBEN_SCALING_LEAST=${var.control.least}",
      "EKIBEN_SCALING_MOST=${var.control.most}",
    ],
    local.settings
  ))
  worker_settings = {
    for model in keys(var.workers) : model => join("\n", concat(
      [
        "EKIBEN_HOST=127.0.0.1",
        "EKIBEN_PORT=3000",
        "EKIBEN_ONLY=${model}",
        "EKIBEN_WORKER_LISTEN=0.0.0.0:3100",
      ],
      local.settings
    ))
  }
}

locals {
  valkey_script = templatestring(local.valkey_file, merge(local.everywhere, {
    image         = local.images["gateway"]
    volume_name   = "data-volume"
    snapshot_name = "data-snapshot"
    kept          = var.control.snapshots_kept
    prefix        = local.prefix
    zone_id       = var.control.zone_id
    host          = "control.${local.domain}"
  }))
  control_script = join("", [
    templatestring(local.common_file, merge(local.everywhere, {
      image    = local.images["gateway"]
      registry = var.deployment.registry
      secrets  = local.control_secrets
    })),
    "\n",
    templatestring(local.control_file, merge(local.everywhere, {
      image          = local.images["gateway"]
      volume         = local.managed ? "" : local.valkey_script
      environment    = local.control_settings
      subnets        = join(" ", [for subnet in var.control.subnets : "--subnet ${subnet}"])
      before_gateway = local.managed ? "" : "ekiben-valkey.service"
      start          = local.managed ? "" : "systemctl enable --now ekiben-valkey ekiben-snapshot.timer"
    })),
  ])
  worker_scripts = {
    for model, each in var.workers : model => join("", [
      templatestring(local.common_file, merge(local.everywhere, {
        image    = local.images[model]
        registry = var.deployment.registry
        secrets  = local.worker_secrets
      })),
      "\n",
      templatestring(local.worker_file, merge(local.everywhere, {
        image        = local.images[model]
        model        = model
        gpus         = each.gpu ? "--gpus all" : ""
        environment  = local.worker_settings[model]
        worker_port  = 3100
        gateway_port = 3000
        group        = "${local.prefix}-${model}"
        launching    = "launching"
        terminating  = "terminating"
      })),
    ])
  }
}
