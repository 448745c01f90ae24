# What the nodes may do: least rights, on this deployment's own things.
locals {
  arn_end    = "${var.deployment.region}:${var.deployment.account}"
  bucket_arn = "arn:${var.deployment.partition}:s3:::${var.deployment.bucket}"
  ec2_arn    = "arn:${var.deployment.partition}:ec2:${local.arn_end}:"
  snapshots  = "arn:${var.deployment.partition}:ec2:${var.deployment.region}::snapshot/*"
  groups     = "arn:${var.deployment.partition}:autoscaling:${local.arn_end}:autoScalingGroup:*:autoScalingGroupName/${local.prefix}-*"
  own        = { StringEquals = { "aws:ResourceTag/ekiben:deployment" = var.deployment.name } }
  shared_rights = [
    { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] },
    {
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = ["arn:${var.deployment.partition}:ecr:${local.arn_end}:repository/ekiben/${var.deployment.name}/*"]
    },
    {
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = ["arn:${var.deployment.partition}:ssm:${local.arn_end}:parameter${local.path}/*"]
    },
    { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.bucket_arn] },
    {
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = ["${local.bucket_arn}/*"]
    },
    {
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = ["arn:${var.deployment.partition}:logs:${local.arn_end}:log-group:${local.path}/*"]
    },
  ]
  worker_rights = [
    {
      Effect = "Allow"
      Action = [
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:RecordLifecycleActionHeartbeat",
        "autoscaling:SetInstanceHealth",
      ]
      Resource  = [local.groups]
      Condition = local.own
    },
  ]
  control_rights = [
    {
      Effect    = "Allow"
      Action    = ["autoscaling:UpdateAutoScalingGroup"]
      Resource  = [local.groups]
      Condition = local.own
    },
    {
      Effect = "Allow"
      Action = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeInstances",
        "ec2:DescribeSnapshots",
        "ec2:DescribeSpotInstanceRequests",
        "ec2:DescribeSpotPriceHistory",
        "ec2:DescribeSubnets",
        "ec2:DescribeVolumes",
      ]
      Resource = ["*"]
    },
    {
      Effect    = "Allow"
      Action    = ["ec2:AttachVolume"]
      Resource  = ["${local.ec2_arn}volume/*", "${local.ec2_arn}instance/*"]
      Condition = local.own
    },
    { Effect = "Allow", Action = ["ec2:CreateSnapshot"], Resource = ["${local.ec2_arn}volume/*"], Condition = local.own },
    {
      Effect    = "Allow"
      Action    = ["ec2:CreateSnapshot"]
      Resource  = [local.snapshots]
      Condition = { StringEquals = { "aws:RequestTag/ekiben:deployment" = var.deployment.name } }
    },
    {
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = [local.snapshots]
      Condition = { StringEquals = { "ec2:CreateAction" = "CreateSnapshot" } }
    },
    { Effect = "Allow", Action = ["ec2:DeleteSnapshot"], Resource = [local.snapshots], Condition = local.own },
    {
      Effect   = "Allow"
      Action   = ["route53:ChangeResourceRecordSets"]
      Resource = ["arn:${var.deployment.partition}:route53:::hostedzone/*"]
      Condition = {
        "ForAllValues:StringEquals" = {
          "route53:ChangeResourceRecordSetsNormalizedRecordNames" = ["control.${local.domain}"]
        }
      }
    },
  ]
}
