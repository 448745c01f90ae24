"""Who may use the platform and how much of it, and how much of it there is to be."""
