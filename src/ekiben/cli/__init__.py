"""The `ekiben` command."""
