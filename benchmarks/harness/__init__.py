"""What every benchmark shares: processes, load, numbers, reports."""
