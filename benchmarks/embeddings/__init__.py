"""Embeddings through Ekiben, plain BentoML, FastAPI, and in process."""
