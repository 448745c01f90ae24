"""What executes models: one file per kind, each an implementation of `ekiben.inference.model.Model`."""
