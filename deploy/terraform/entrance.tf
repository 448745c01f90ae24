# The only way in, and to the gateway alone; workers announce themselves to the gateway instead.
resource "aws_lb" "entrance" {
  name                       = local.prefix
  load_balancer_type         = "application"
  subnets                    = [for zone in local.zones : local.subnets[zone]]
  security_groups            = [aws_security_group.entrance.id]
  drop_invalid_header_fields = true
  # Streams and WebSockets may be silent for a while.
  idle_timeout = 300
  tags         = { Name = "${local.prefix}-load-balancer", "ekiben:resource" = "load-balancer" }
}

resource "aws_lb_target_group" "gateway" {
  name                 = local.prefix
  vpc_id               = local.vpc_id
  protocol             = "HTTP"
  port                 = 3000
  target_type          = "instance"
  deregistration_delay = 60
  health_check {
    path                = "/readyz"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200"
  }
  tags = { Name = "${local.prefix}-target-group", "ekiben:resource" = "target-group" }
}

resource "aws_lb_listener" "https" {
  count             = var.entrance.certificate_arn == "" ? 0 : 1
  load_balancer_arn = aws_lb.entrance.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.entrance.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gateway.arn
  }
  tags = { Name = "${local.prefix}-listener-443", "ekiben:resource" = "listener-443" }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.entrance.arn
  port              = 80
  protocol          = "HTTP"
  dynamic "default_action" {
    for_each = var.entrance.certificate_arn == "" ? [1] : []
    content {
      type             = "forward"
      target_group_arn = aws_lb_target_group.gateway.arn
    }
  }
  dynamic "default_action" {
    for_each = var.entrance.certificate_arn == "" ? [] : [1]
    content {
      type = "redirect"
      redirect {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }
  tags = { Name = "${local.prefix}-listener-80", "ekiben:resource" = "listener-80" }
}

# More than 5 % of a minute's requests ended with a 5xx, in two of three; a rotation is taken back then.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.prefix}-errors"
  alarm_description   = "Share of requests that ended with a 5xx, in percent."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  dynamic "metric_query" {
    for_each = { requests = "RequestCount", errors = "HTTPCode_Target_5XX_Count" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        period      = 60
        stat        = "Sum"
        dimensions  = { LoadBalancer = aws_lb.entrance.arn_suffix }
      }
    }
  }
  metric_query {
    id          = "share"
    expression  = "IF(requests >= 10, 100 * FILL(errors, 0) / requests, 0)"
    return_data = true
  }
  tags = { Name = "${local.prefix}-errors", "ekiben:resource" = "errors" }
}
