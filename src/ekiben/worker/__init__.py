"""One model in one process: the engine that runs it and the internal server the gateway calls."""
