"""Who may use the platform, and how much of it."""
