# Machine images by the parameters in which AWS publishes its newest; for GPUs ECS's, for its driver and docker.
data "aws_ec2_instance_type" "control" {
  instance_type = var.control.instance_type
}

data "aws_ec2_instance_type" "workers" {
  for_each      = { for model, each in var.workers : model => each.types[0].type }
  instance_type = each.value
}

locals {
  has_gpu = { for model, type in data.aws_ec2_instance_type.workers : model => length(type.gpus) > 0 }
  processors = merge(
    { control = contains(data.aws_ec2_instance_type.control.supported_architectures, "arm64") ? "arm64" : "x86_64" },
    { for model, type in data.aws_ec2_instance_type.workers : model => contains(type.supported_architectures, "arm64") ? "arm64" : "x86_64" }
  )
  image_parameters = {
    for role, processor in local.processors : role => try(local.has_gpu[role], false)
    ? "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"
    : "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${processor}"
  }
  image_ids = {
    for role in keys(local.processors) : role => try(var.workers[role].image_id, "") != ""
    ? var.workers[role].image_id : data.aws_ssm_parameter.machine_images[role].insecure_value
  }
  # Units of capacity: a replica is an instance of the type listed first.
  weights = {
    for model, each in var.workers : model => {
      for type in each.types : type.type => type.rate == null ? 1 : min(999, max(1, floor(10 * type.rate / each.types[0].rate + 0.5)))
    }
  }
  unit = { for model, each in var.workers : model => local.weights[model][each.types[0].type] }
}

data "aws_ssm_parameter" "machine_images" {
  for_each = local.image_parameters
  name     = each.value
}

resource "aws_cloudwatch_log_group" "nodes" {
  for_each          = toset(concat(["control"], keys(var.workers)))
  name              = "${local.path}/${each.value}"
  retention_in_days = var.logs_days
  tags              = { Name = "${local.prefix}-logs-${each.value}", "ekiben:resource" = "logs-${each.value}" }
}

resource "aws_launch_template" "nodes" {
  for_each               = local.image_ids
  name                   = "${local.prefix}-${each.key}"
  image_id               = each.value
  instance_type          = each.key == "control" ? var.control.instance_type : null
  update_default_version = true
  vpc_security_group_ids = [each.key == "control" ? aws_security_group.control.id : aws_security_group.workers.id]
  user_data              = base64encode(each.key == "control" ? module.nodes.control_script : module.nodes.worker_scripts[each.key])
  iam_instance_profile {
    name = aws_iam_instance_profile.nodes[each.key == "control" ? "control" : "workers"].name
  }
  # Two hops, so that containers with a network of their own reach it.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = each.key == "control" ? 30 : var.workers[each.key].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }
  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]
    content {
      resource_type = tag_specifications.value
      tags = {
        Name                = "${local.prefix}-${each.key}"
        "ekiben:deployment" = var.name
        "ekiben:resource"   = each.key
      }
    }
  }
  tags = { Name = "${local.prefix}-template-${each.key}", "ekiben:resource" = "template-${each.key}" }
}

# A group of one, so that AWS replaces the node when it fails; in one zone, because the jobs' volume is.
resource "aws_autoscaling_group" "control" {
  name                      = "${local.prefix}-control"
  min_size                  = 1
  max_size                  = 1
  desired_capacity          = 1
  vpc_zone_identifier       = [local.subnets[local.control_zone]]
  target_group_arns         = [aws_lb_target_group.gateway.arn]
  health_check_grace_period = 300
  launch_template {
    id      = aws_launch_template.nodes["control"].id
    version = "$Default"
  }
  dynamic "tag" {
    for_each = { Name = "${local.prefix}-control-node", "ekiben:deployment" = var.name, "ekiben:resource" = "control-node" }
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
  depends_on = [aws_ebs_volume.data, aws_iam_role_policy.nodes, aws_ssm_parameter.generated, aws_ssm_parameter.keys]
}

resource "aws_autoscaling_group" "workers" {
  for_each                  = var.workers
  name                      = "${local.prefix}-${each.key}"
  min_size                  = each.value.least * local.unit[each.key]
  max_size                  = each.value.most * local.unit[each.key]
  desired_capacity          = each.value.least * local.unit[each.key]
  vpc_zone_identifier       = [for zone in local.zones : local.subnets[zone]]
  capacity_rebalance        = true
  health_check_grace_period = each.value.start_s
  enabled_metrics           = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances"]
  metrics_granularity       = "1Minute"
  suspended_processes       = ["AZRebalance"] # It would end healthy instances whenever the controller opens a zone again.
  wait_for_capacity_timeout = "0"
  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.nodes[each.key].id
        # A number, without which Auto Scaling takes no rotation back.
        version = tostring(aws_launch_template.nodes[each.key].latest_version)
      }
      dynamic "override" {
        for_each = each.value.types
        content {
          instance_type     = override.value.type
          weighted_capacity = tostring(local.weights[each.key][override.value.type])
        }
      }
    }
    instances_distribution {
      on_demand_allocation_strategy            = "lowest-price"
      on_demand_base_capacity                  = each.value.on_demand_base * local.unit[each.key]
      on_demand_percentage_above_base_capacity = 0
      spot_allocation_strategy                 = "price-capacity-optimized"
      spot_max_price                           = each.value.spot_usd_per_h_most == null ? "" : tostring(each.value.spot_usd_per_h_most)
    }
  }
  # An instance that never serves is no use; one that is to go, goes whether it has answered or not.
  initial_lifecycle_hook {
    name                 = "launching"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    heartbeat_timeout    = each.value.start_s
    default_result       = "ABANDON"
  }
  initial_lifecycle_hook {
    name                 = "terminating"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = 120
    default_result       = "CONTINUE"
  }
  dynamic "tag" {
    for_each = { Name = "${local.prefix}-workers-${each.key}", "ekiben:deployment" = var.name, "ekiben:resource" = "workers-${each.key}" }
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
  # How many run, how many of them on demand, and in which zones, the controller says.
  lifecycle {
    ignore_changes = [
      desired_capacity,
      mixed_instances_policy[0].instances_distribution[0].on_demand_base_capacity,
      vpc_zone_identifier,
    ]
  }
  depends_on = [aws_autoscaling_group.control, aws_cloudwatch_log_group.nodes]
}
