"""What the platform tells its operators: structured logs and Prometheus metrics, without what users sent."""
