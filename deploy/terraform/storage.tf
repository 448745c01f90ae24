# Pictures, inputs and results: private, encrypted, versioned, over TLS only.
resource "aws_s3_bucket" "objects" {
  bucket = local.bucket
  tags   = { Name = "${local.prefix}-bucket", "ekiben:resource" = "bucket" }
}

resource "aws_s3_bucket_public_access_block" "objects" {
  bucket                  = aws_s3_bucket.objects.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "objects" {
  bucket = aws_s3_bucket.objects.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "objects" {
  bucket = aws_s3_bucket.objects.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "objects" {
  bucket = aws_s3_bucket_versioning.objects.bucket
  rule {
    id     = "ekiben"
    status = "Enabled"
    filter {
      prefix = ""
    }
    noncurrent_version_expiration {
      noncurrent_days = var.old_versions_days
    }
    expiration {
      expired_object_delete_marker = true
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "objects" {
  bucket = aws_s3_bucket_public_access_block.objects.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.objects.arn, "${aws_s3_bucket.objects.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# Valkey's: what has been accepted is on it. The node makes a snapshot a day.
resource "aws_ebs_volume" "data" {
  count             = local.managed ? 0 : 1
  availability_zone = local.control_zone
  encrypted         = true
  size              = var.control.volume_gib
  type              = "gp3"
  snapshot_id       = var.control.snapshot == "" ? null : var.control.snapshot
  tags              = { Name = "${local.prefix}-data-volume", "ekiben:resource" = "data-volume" }
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [snapshot_id]
  }
}

# One for each image; a tag never moves, and the newest ten stay for going back.
resource "aws_ecr_repository" "images" {
  for_each             = toset(concat(["gateway"], keys(var.workers)))
  name                 = "ekiben/${var.name}/${each.value}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  image_scanning_configuration {
    scan_on_push = true
  }
  tags = { Name = "${local.prefix}-repository-${each.value}", "ekiben:resource" = "repository-${each.value}" }
}

resource "aws_ecr_lifecycle_policy" "images" {
  for_each   = aws_ecr_repository.images
  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "the newest 10, for going back"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }
      action       = { type = "expire" }
    }]
  })
}
