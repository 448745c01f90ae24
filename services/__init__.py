"""BentoML entry points: card + runtime + decorator, no logic."""
