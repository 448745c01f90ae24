output "control_script" {
  description = "First commands of the node with the gateway; no secret is in them."
  value       = local.control_script
}

output "worker_scripts" {
  description = "First commands of the workers' instances, by served name."
  value       = local.worker_scripts
}

output "control_policy" {
  description = "Rights of the node with the gateway."
  value = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.shared_rights, local.control_rights)
  })
}

output "worker_policy" {
  description = "Rights of the workers' instances."
  value = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.shared_rights, local.worker_rights)
  })
}
