variable "name" {
  description = "Part of every name and tag."
  type        = string
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "Lower-case letters, digits and hyphens, at most 20, beginning with a letter."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region, such as us-east-1."
  }
}

variable "zones" {
  description = "Availability zones, two or more; empty: all of the region, up to six. Not used in a network of your own."
  type        = list(string)
  default     = []
  validation {
    condition     = length(var.zones) != 1 && alltrue([for zone in var.zones : can(regex("^${var.region}[a-z]$", zone))])
    error_message = "Zones of the region, and two at least: a load balancer needs them."
  }
}

variable "network" {
  description = "Your own VPC with public subnets in different zones; without `vpc` one is made with these addresses."
  type = object({
    vpc     = optional(string, "")
    subnets = optional(list(string), [])
    cidr    = optional(string, "10.83.0.0/16")
  })
  default = {}
  validation {
    condition     = (var.network.vpc != "") == (length(var.network.subnets) > 1)
    error_message = "Give vpc together with two subnets or more, or neither."
  }
  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.0\\.0/16$", var.network.cidr))
    error_message = "cidr ends with .0.0/16."
  }
}

variable "control" {
  description = "The node with the gateway, and with Valkey unless `valkey_url` names a managed one (without its password)."
  type = object({
    tag            = string
    instance_type  = string
    zone           = optional(string, "")
    volume_gib     = optional(number, 20)
    snapshot       = optional(string, "")
    snapshots_kept = optional(number, 7)
    valkey_url     = optional(string, "")
    valkey_durable = optional(bool, false)
    scaling        = optional(string, "traffic-and-backlog")
  })
  validation {
    condition     = var.control.volume_gib >= 1 && var.control.snapshots_kept >= 1
    error_message = "volume_gib and snapshots_kept are 1 at least."
  }
  validation {
    condition     = var.control.valkey_url == "" || can(regex("^(valkeys?|rediss?)://[^@/\\s]+(/[0-9]+)?$", var.control.valkey_url))
    error_message = "valkey_url is valkey://host:port or valkeys://host:port, without the password."
  }
}

variable "workers" {
  description = "By served name: tag of the image, types (the first is one replica; rates are measured for all or for none), bounds."
  type = map(object({
    tag                 = string
    types               = list(object({ type = string, rate = optional(number) }))
    least               = optional(number, 0)
    most                = number
    on_demand_base      = optional(number, 0)
    spot_usd_per_h_most = optional(number)
    disk_gib            = optional(number, 80)
    start_s             = optional(number, 300)
    image_id            = optional(string, "")
  }))
  validation {
    condition     = length(var.workers) > 0
    error_message = "One model at least."
  }
  validation {
    condition     = alltrue([for model in keys(var.workers) : can(regex("^[a-z0-9]+([.-][a-z0-9]+)*$", model)) && !contains(["control", "gateway", "workers"], model)])
    error_message = "Served names: lower-case letters, digits, hyphens and dots; control, gateway and workers are taken."
  }
  validation {
    condition     = alltrue([for each in values(var.workers) : each.least <= each.most && each.on_demand_base <= each.most && each.most > 0])
    error_message = "least and on_demand_base are at most `most`, which is 1 at least."
  }
  validation {
    condition     = alltrue([for each in values(var.workers) : length(each.types) > 0 && length(distinct([for type in each.types : type.rate == null])) == 1])
    error_message = "types: one at least; measure all of them, or none."
  }
}

variable "entrance" {
  description = "Who may call. Everybody needs certificate_arn; without it, http."
  type = object({
    allow           = list(string)
    certificate_arn = optional(string, "")
  })
  validation {
    condition     = length(var.entrance.allow) > 0 && alltrue([for network in var.entrance.allow : can(cidrhost(network, 0))])
    error_message = "allow: networks, such as 203.0.113.0/24."
  }
  validation {
    condition     = var.entrance.certificate_arn != "" || alltrue([for network in var.entrance.allow : !endswith(network, "/0")])
    error_message = "Everybody needs certificate_arn; over http, keys would travel in clear."
  }
}

variable "keys_file" {
  description = "File that `ekiben keys create` writes; its content goes to SSM and not into the state."
  type        = string
}

variable "keys_version" {
  description = "Raise it when the file has changed: what is not in the state cannot be compared."
  type        = number
  default     = 1
}

variable "valkey_password_file" {
  description = "Password of a managed Valkey; empty: it has none. That of the node's own is generated."
  type        = string
  default     = ""
}

variable "webhook_secrets_file" {
  description = "Secrets that sign webhooks, as the JSON of EKIBEN_WEBHOOK_SECRETS; empty: none are sent."
  type        = string
  default     = ""
}

variable "old_versions_days" {
  description = "Days for which replaced and deleted objects stay."
  type        = number
  default     = 7
  validation {
    condition     = var.old_versions_days >= 1
    error_message = "One day at least."
  }
}

variable "logs_days" {
  description = "Days for which logs are kept; one of those that CloudWatch knows."
  type        = number
  default     = 14
}

variable "budget" {
  description = "A mail at 80 % and 100 % of it, and when the month will exceed it."
  type = object({
    usd_per_month = number
    email         = string
  })
  default = null
  validation {
    condition     = var.budget == null || try(var.budget.usd_per_month > 0 && can(regex("^[^@\\s]+@[^@\\s]+$", var.budget.email)), false)
    error_message = "usd_per_month above 0, and an address."
  }
}
