"""Model cards: what is served, where it comes from, what it may cost."""
