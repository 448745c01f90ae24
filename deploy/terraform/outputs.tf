output "address" {
  description = "Where callers reach the gateway; with a certificate, give its name to this address."
  value       = var.entrance.certificate_arn == "" ? "http://${aws_lb.entrance.dns_name}" : "https://${aws_lb.entrance.dns_name}"
}

output "repositories" {
  description = "Where images are pushed to, by `gateway` and served name."
  value       = { for role, repository in aws_ecr_repository.images : role => repository.repository_url }
}

output "bucket" {
  description = "Bucket of pictures, inputs and results."
  value       = aws_s3_bucket.objects.id
}

output "groups" {
  description = "Auto Scaling groups of the workers, by served name."
  value       = { for model, group in aws_autoscaling_group.workers : model => group.name }
}
