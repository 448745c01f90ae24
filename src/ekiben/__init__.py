"""Machine-learning models as production services on BentoML."""
