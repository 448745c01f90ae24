"""BentoML entry point; see service.py."""
