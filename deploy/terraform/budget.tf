# It counts what carries the deployment's tag, once that is activated as a cost allocation tag.
resource "aws_budgets_budget" "month" {
  count        = var.budget == null ? 0 : 1
  name         = local.prefix
  budget_type  = "COST"
  limit_amount = tostring(var.budget.usd_per_month)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  cost_filter {
    name   = "TagKeyValue"
    values = [join("$", ["user:ekiben:deployment", var.name])]
  }
  dynamic "notification" {
    for_each = [["ACTUAL", 80], ["ACTUAL", 100], ["FORECASTED", 100]]
    content {
      notification_type          = notification.value[0]
      threshold                  = notification.value[1]
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = [var.budget.email]
    }
  }
  tags = { Name = "${local.prefix}-budget", "ekiben:resource" = "budget" }
}
