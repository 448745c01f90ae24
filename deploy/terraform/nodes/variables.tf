variable "deployment" {
  description = "Names of the deployment, and where it is."
  type = object({
    name      = string
    region    = string
    partition = string
    account   = string
    registry  = string
    bucket    = string
  })
}

variable "control" {
  description = "The node with the gateway; `valkey_url` empty: Valkey is on it."
  type = object({
    tag            = string
    snapshots_kept = number
    valkey_url     = string
    valkey_durable = bool
    has_password   = bool
    has_webhooks   = bool
    scaling        = string
    least          = number
    most           = number
    zone_id        = string
    subnets        = list(string)
  })
}

variable "workers" {
  description = "By served name."
  type = map(object({
    tag = string
    gpu = bool
  }))
}
