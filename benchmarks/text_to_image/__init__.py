"""Text to image: the engine served, against the same pipeline served otherwise; its levers; GPUs."""
